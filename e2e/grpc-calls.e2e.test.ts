import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPeer, startTracker, type RunningProcess } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { writeTestFile } from "./test-files.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const FILE_BYTES = 700_000;

/** What README.md and proto/README.md show, through a gRPC tool that knows nothing but what the servers say of themselves. */
async function call(address: string, method: string, request: object = {}): Promise<Record<string, unknown>[]> {
  const url = `http://${address}/${method}`;
  const args = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", JSON.stringify(request), url];
  const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/buf`, args, { cwd: root, maxBuffer: 16 * 1_048_576 });
  return splitJson(stdout);
}

/** The tool prints one JSON object after another. */
function splitJson(text: string): Record<string, unknown>[] {
  const joined = text.trim().replaceAll(/\}\s*\{/g, "},{");
  return JSON.parse(`[${joined}]`) as Record<string, unknown>[];
}

async function list(address: string, what: "--list-services" | "--list-methods"): Promise<string[]> {
  const args = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", what, `http://${address}`];
  const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/buf`, args, { cwd: root });
  return stdout.trim().split("\n");
}

describe("calls by hand", () => {
  let folder: TempFolder;
  let tracker: Awaited<ReturnType<typeof startTracker>>;
  let seeder: RunningProcess;
  let contentId: string;
  let peerAddress: string;

  beforeAll(async () => {
    folder = await openTempFolder();
    tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), FILE_BYTES);
    seeder = startPeer(["share", folder.join("file.bin"), "--tracker", tracker.address, "--json"]);
    contentId = (await seeder.waitForEvent("shared"))["contentId"] as string;
    peerAddress = (await seeder.waitForEvent("serving"))["address"] as string;
  });

  afterAll(async () => {
    await seeder.stop();
    await tracker.process.stop();
    await folder[Symbol.asyncDispose]();
  });

  test("servers list their services", async () => {
    const common = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    expect((await list(tracker.address, "--list-services")).toSorted()).toEqual([...common, "piecewise.v1.TrackerService"]);
    expect((await list(peerAddress, "--list-services")).toSorted()).toEqual([...common, "piecewise.v1.PeerService"]);
    expect(await list(peerAddress, "--list-methods")).toContain("piecewise.v1.PeerService/GetPiece");
  });

  test("Lookup by name finds the content and its peer", async () => {
    const [answer] = await call(tracker.address, "piecewise.v1.TrackerService/Lookup", { name: "file.bin" });
    expect(answer).toMatchObject({
      contents: [{ contentId, names: ["file.bin"], totalBytes: String(FILE_BYTES), seedCount: 1 }],
      peers: [{ address: peerAddress }],
    });
  });

  test("GetManifest streams bytes that hash to the content id", async () => {
    const parts = await call(peerAddress, "piecewise.v1.PeerService/GetManifest", { content_id: contentId });
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part["data"] as string, "base64")));
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(contentId);
  });

  test("GetPiece streams chunks, of a run of pieces and of a range inside one", async () => {
    const original = await readFile(folder.join("file.bin"));
    const chunks = await call(peerAddress, "piecewise.v1.PeerService/GetPiece", { content_id: contentId, piece_index: 0, piece_count: 3 });
    expect(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk["data"] as string, "base64")))).toEqual(original);
    const range = await call(peerAddress, "piecewise.v1.PeerService/GetPiece", { content_id: contentId, piece_index: 1, offset: 100, length: 50 });
    const start = 262_144 + 100;
    expect(range).toEqual([{ pieceIndex: 1, offset: 100, data: original.subarray(start, start + 50).toString("base64") }]);
  });

  test("health answers for the server and for the service", async () => {
    expect(await call(tracker.address, "grpc.health.v1.Health/Check")).toEqual([{ status: "SERVING" }]);
    expect(await call(peerAddress, "grpc.health.v1.Health/Check", { service: "piecewise.v1.PeerService" })).toEqual([{ status: "SERVING" }]);
  });

  test("a call that fails says why", async () => {
    await expect(call(tracker.address, "piecewise.v1.TrackerService/Lookup", { name: "no such thing" })).rejects.toMatchObject({
      stderr: expect.stringContaining("not_found"),
    });
    await expect(call(peerAddress, "piecewise.v1.PeerService/GetPiece", { content_id: contentId, piece_index: 99 })).rejects.toMatchObject({
      stderr: expect.stringContaining("out_of_range"),
    });
  });
});
