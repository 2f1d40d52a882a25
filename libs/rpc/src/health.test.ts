import { once } from "node:events";
import { GrpcCode } from "@piecewise/base";
import { expect, test } from "vitest";
import { DynamicClient } from "./testing/dynamic-client.js";
import { startFakePeer, until } from "./testing/fake-peer.js";

const HEALTH = "grpc.health.v1.Health";

test.each(["", "piecewise.v1.PeerService", HEALTH, "grpc.reflection.v1.ServerReflection"])('check of "%s" says that it serves', async (service) => {
  await using server = await startFakePeer();
  using client = new DynamicClient(server.address);
  expect(await client.unary(HEALTH, "Check", { service })).toEqual({ status: "SERVING" });
});

test("check of a service that is not there says so", async () => {
  await using server = await startFakePeer();
  using client = new DynamicClient(server.address);
  await expect(client.unary(HEALTH, "Check", { service: "no.such.Service" })).rejects.toMatchObject({ code: GrpcCode.NOT_FOUND });
});

test("watch says that it serves, then that it stops, and ends", async () => {
  await using server = await startFakePeer();
  using client = new DynamicClient(server.address);
  const known = client.serverStream(HEALTH, "Watch", { service: "piecewise.v1.PeerService" });
  const unknown = client.serverStream(HEALTH, "Watch", { service: "no.such.Service" });
  const news: unknown[] = [];
  known.on("data", (message) => news.push(message));
  unknown.on("data", (message) => news.push(message));
  await once(known, "data");
  await until(() => news.length === 2);
  expect(news).toEqual(expect.arrayContaining([{ status: "SERVING" }, { status: "SERVICE_UNKNOWN" }]));

  const ended = [once(known, "status"), once(unknown, "status")];
  // A server that waits so long for a watch would fail this test by its timeout.
  await server.close({ drainMs: 600_000 });
  expect((await Promise.all(ended)).map(([status]) => status)).toMatchObject([{ code: GrpcCode.OK }, { code: GrpcCode.OK }]);
  expect(news.slice(2)).toEqual([{ status: "NOT_SERVING" }]);
});
