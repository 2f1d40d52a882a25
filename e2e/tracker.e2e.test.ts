import { createServer } from "node:net";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, type MethodDefinition, credentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { describe, expect, test } from "vitest";
import { IdentifyingPeer } from "./identifying-peer.js";
import { type ProcessOptions, RunningProcess, startTracker } from "./processes.js";

const root = fileURLToPath(new URL("..", import.meta.url));
/** As it is found after installation. */
const binary = `${root}node_modules/.bin/tracker`;

const services = loadSync(["piecewise/v1/tracker.proto", "grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto"], {
  includeDirs: [`${root}proto`, `${root}third_party/proto`],
  enums: String,
  defaults: true,
});
const methodOf = (service: string, method: string) => (services[service] as Record<string, MethodDefinition<object, unknown>>)[method]!;

const openClient = (address: string): Client => new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });

function startStream(client: Client, service: string, method: string, request: object) {
  const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
}

/** A call that stays open until the client ends it, and has been answered once. */
async function startEndlessCall(client: Client) {
  const { path, requestSerialize, responseDeserialize } = methodOf("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo");
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on("error", () => {}); // It ends with the process, which the test watches.
  call.write({ list_services: "" });
  await once(call, "data");
  return call;
}

async function runTracker(args: readonly string[], options?: ProcessOptions): Promise<RunningProcess> {
  const tracker = new RunningProcess(binary, args, options);
  await tracker.waitForExit();
  return tracker;
}

describe("a tracker that serves", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("says so in one line, and ends with 0 on %s", async (signal) => {
    await using tracker = await startTracker();
    expect(tracker.process.stdout).toEqual([`tracker listening on ${tracker.address}`]);
    expect(tracker.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    tracker.process.signal(signal);
    expect(await tracker.process.waitForExit()).toEqual({ code: 0, signal: null });
    expect(tracker.process.stdout).toHaveLength(1);
    expect(tracker.process.stderr).toEqual([]);
  });

  test("takes its address and lease from variables", async () => {
    await using tracker = new RunningProcess(binary, ["--json"], {
      env: { PIECEWISE_TRACKER_LISTEN: "127.0.0.1:0", PIECEWISE_TRACKER_LEASE: "7" },
    });
    const address = (await tracker.waitForEvent("listening"))["address"] as string;
    using peer = await IdentifyingPeer.start();
    const client = openClient(address);
    const { path, requestSerialize, responseDeserialize } = methodOf("piecewise.v1.TrackerService", "Register");
    const grant = await new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { peerId: peer.peerId, port: peer.port }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
    client.close();
    expect(grant).toMatchObject({ lease: { nanos: 0 }, listedAddress: peer.address, reachability: "REACHABILITY_REACHABLE" });
    expect(String((grant as { lease: { seconds: unknown } }).lease.seconds)).toBe("7");
  });

  test("tells watchers that it goes, and goes", async () => {
    await using tracker = await startTracker();
    const client = openClient(tracker.address);
    const watch = startStream(client, "piecewise.v1.TrackerService", "WatchPeers", { contentId: `sha256:${"0".repeat(64)}` });
    await once(watch, "data");
    const failed = once(watch, "error");
    tracker.process.signal("SIGTERM");
    expect(await failed).toMatchObject([{ code: 14, details: expect.stringContaining("shutting down") }]);
    expect(await tracker.process.waitForExit()).toEqual({ code: 0, signal: null });
    client.close();
  });

  test("ends at once on a second signal, whatever calls are in flight", async () => {
    await using tracker = await startTracker();
    const client = openClient(tracker.address);
    await startEndlessCall(client);
    const health = startStream(client, "grpc.health.v1.Health", "Watch", {});
    expect(await once(health, "data")).toEqual([{ status: "SERVING" }]);
    tracker.process.signal("SIGTERM");
    // The first signal has arrived.
    expect(await once(health, "data")).toEqual([{ status: "NOT_SERVING" }]);
    expect(tracker.process.exitCode).toBeUndefined();
    tracker.process.signal("SIGTERM");
    expect(await tracker.process.waitForExit()).toEqual({ code: 130, signal: null });
    client.close();
  });
});

describe("what cannot be done ends with 2 and one line", () => {
  test("the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const tracker = await runTracker(["--listen", `127.0.0.1:${port}`]);
    other.close();
    expect(tracker.exitCode).toBe(2);
    expect(tracker.stdout).toEqual([]);
    expect(tracker.stderr).toEqual([expect.stringContaining(`tracker: cannot listen on 127.0.0.1:${port}: another program does already`)]);
  });

  test.each<[args: string[], message: string]>([
    [["--port", "1"], "unknown option '--port'"],
    [["--listen", "nowhere"], '--listen "nowhere" is not HOST:PORT'],
    [["--lease", "0"], "the lease of 0 seconds is not possible"],
    [["--lease", "x"], '--lease "x" is not a number of seconds'],
    [["extra"], "too many arguments"],
  ])("%j", async (args, message) => {
    const tracker = await runTracker(["--listen", "127.0.0.1:0", ...args]);
    expect(tracker.exitCode).toBe(2);
    expect(tracker.stdout).toEqual([]);
    expect(tracker.stderr).toEqual([expect.stringContaining(`tracker: ${message}`)]);
  });
});

test("--help has examples, --version a version", async () => {
  const help = await runTracker(["--help"]);
  expect(help.exitCode).toBe(0);
  expect(help.stdout).toContain("  tracker --listen 0.0.0.0:50051");
  const version = await runTracker(["--version"]);
  expect(version.exitCode).toBe(0);
  expect(version.stdout).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
});
