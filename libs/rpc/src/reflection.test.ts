import { execFile } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { GrpcCode, silentLogger } from "@piecewise/base";
import { TrackerService } from "@piecewise/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { implementService } from "./implement-service.js";
import { type RpcServer, startRpcServer } from "./server.js";
import { DynamicClient, type PlainMessage } from "./testing/dynamic-client.js";

const unused = () => Promise.reject(new Error("not called here"));
const tracker = implementService(TrackerService, {
  register: unused,
  renew: unused,
  unregister: unused,
  lookup: unused,
  listContents: unused,
  watchPeers: unused,
  getStats: () => ({ contentCount: 42 }),
});

let server: RpcServer;
let client: DynamicClient;

beforeAll(async () => {
  server = await startRpcServer({ listen: { host: "127.0.0.1", port: 0 }, services: [tracker], logger: silentLogger });
  client = new DynamicClient(server.address);
});

afterAll(async () => {
  client[Symbol.dispose]();
  await server.close();
});

/** Asks all questions on one stream and returns the answers. */
async function ask(...questions: PlainMessage[]): Promise<PlainMessage[]> {
  const stream = client.bidiStream("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo");
  const answers: PlainMessage[] = [];
  stream.on("data", (answer: PlainMessage) => answers.push(answer));
  for (const question of questions) stream.write(question);
  stream.end();
  const [status] = await once(stream, "status");
  expect(status).toMatchObject({ code: GrpcCode.OK });
  expect(answers.length).toBe(questions.length);
  return answers;
}

function filesOf(answer: PlainMessage | undefined) {
  expect(answer).toHaveProperty("file_descriptor_response");
  const { file_descriptor_response: found } = answer as { file_descriptor_response: { file_descriptor_proto: Buffer[] } };
  return found.file_descriptor_proto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

const SERVICES = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "piecewise.v1.TrackerService",
];

describe("reflection", () => {
  test("lists all services", async () => {
    const [answer] = await ask({ list_services: "*" });
    expect(answer).toMatchObject({ list_services_response: { service: SERVICES.map((name) => ({ name })) } });
  });

  test.each([
    ["piecewise.v1.TrackerService", "piecewise/v1/tracker.proto"],
    ["piecewise.v1.TrackerService.Lookup", "piecewise/v1/tracker.proto"],
    ["piecewise.v1.LookupRequest", "piecewise/v1/tracker.proto"],
    ["piecewise.v1.SwarmPeer", "piecewise/v1/swarm_peer.proto"],
    ["grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"],
    ["google.protobuf.Duration", "google/protobuf/duration.proto"],
    ["google.rpc.ErrorInfo", "google/rpc/error_details.proto"],
    ["google.rpc.Status", "google/rpc/status.proto"],
  ])("finds %s in %s, and that file by its name", async (symbol, file) => {
    const [bySymbol, byName] = await ask({ file_containing_symbol: symbol }, { file_by_filename: file });
    expect(filesOf(bySymbol)[0]?.name).toBe(file);
    expect(filesOf(byName)).toEqual(filesOf(bySymbol));
  });

  test("sends with a file all that it needs to be understood, each once", async () => {
    const [answer] = await ask({ file_containing_symbol: "piecewise.v1.TrackerService" });
    const files = filesOf(answer);
    expect(files.map(({ name }) => name).toSorted()).toEqual([
      "google/protobuf/duration.proto",
      "piecewise/v1/swarm_peer.proto",
      "piecewise/v1/tracker.proto",
    ]);
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files.toReversed() }));
    expect(registry.getService("piecewise.v1.TrackerService")?.methods.map(({ name }) => name)).toEqual(
      TrackerService.methods.map(({ name }) => name),
    );
  });

  test.each([
    { file_containing_symbol: "no.such.Symbol" },
    { file_by_filename: "no/such/file.proto" },
    { all_extension_numbers_of_type: "no.such.Type" },
    { file_containing_extension: { containing_type: "piecewise.v1.LookupRequest", extension_number: 5 } },
  ])("answers %o with NOT_FOUND and goes on", async (question) => {
    const [answer, next] = await ask({ host: "me", ...question }, { list_services: "" });
    expect(answer).toMatchObject({ valid_host: "me", original_request: question, error_response: { error_code: GrpcCode.NOT_FOUND } });
    expect(next).toHaveProperty("list_services_response");
  });

  test("knows of no extensions", async () => {
    const [answer] = await ask({ all_extension_numbers_of_type: "piecewise.v1.LookupRequest" });
    expect(answer).toMatchObject({ all_extension_numbers_response: { base_type_name: "piecewise.v1.LookupRequest", extension_number: [] } });
  });
});

describe("a command-line client without .proto files", () => {
  const buf = fileURLToPath(new URL("../../../node_modules/.bin/buf", import.meta.url));
  const curl = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(buf, ["curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args]);
    return stdout.trim();
  };

  test.each(["grpc-v1", "grpc-v1alpha"])("lists the services and calls one with reflection %s", async (protocol) => {
    const url = `http://${server.address}`;
    expect((await curl("--list-services", "--reflect-protocol", protocol, url)).split("\n").toSorted()).toEqual(SERVICES);
    const answer = await curl("--reflect-protocol", protocol, "-d", "{}", `${url}/piecewise.v1.TrackerService/GetStats`);
    expect(JSON.parse(answer)).toEqual({ contentCount: 42 });
  });
});
