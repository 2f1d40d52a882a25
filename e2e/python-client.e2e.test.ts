import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  Client,
  credentials,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEBIAN_PACKAGES_TIMEOUT_MS, requireDebianPackages } from "./debian-packages.js";
import { type RunningProcess, startPeer, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Debian's: only there are its packages found. */
const PYTHON = "/usr/bin/python3";
const PYTHON_TIMEOUT_MS = 60_000;
const NAME = "phim hay 🎬.bin";
const PIECE_BYTES = 262_144;
const FILE_BYTES = 16 * PIECE_BYTES + 17;
const FILE_PIECES = 17;
/** Slow enough that the first peer cannot have given everything before the others are asked. */
const RATE = "2M";

let missing: string | undefined;
let folder: TempFolder;

beforeAll(async () => {
  folder = await openTempFolder();
  await writeTestFile(folder.join(NAME), FILE_BYTES);
  missing = await requireDebianPackages("python3-grpcio", "python3-grpc-tools");
  if (missing === undefined) await generateStubs();
}, DEBIAN_PACKAGES_TIMEOUT_MS);

beforeEach(({ skip }) => skip(missing !== undefined, missing));

afterAll(() => folder[Symbol.asyncDispose]());

describe("the client in Python", { timeout: PYTHON_TIMEOUT_MS + 30_000 }, () => {
  test("takes pieces from several peers, and the file is right", async () => {
    await using swarm = await startSwarm(3);
    const fetched = await fetchFile(swarm.tracker, NAME, "copy");
    expect(fetched).toMatchObject({ code: 0, stderr: [] });
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join(NAME)));
    const pieces = piecesByPeer(fetched);
    expect([...swarm.seeders.keys()]).toEqual(expect.arrayContaining([...pieces.keys()]));
    expect(pieces.size).toBeGreaterThanOrEqual(2);
    expect(sum(pieces.values())).toBe(FILE_PIECES);
  });

  test("does without a peer that has died", async () => {
    await using swarm = await startSwarm(3);
    const [dead, victim] = [...swarm.seeders][0]!;
    victim.signal("SIGKILL");
    await victim.waitForExit();
    const fetched = await fetchFile(swarm.tracker, NAME, "copy-without-dead");
    expect(fetched.code, fetched.stderr.join("\n")).toBe(0);
    expect(await hashFile(folder.join("copy-without-dead"))).toBe(await hashFile(folder.join(NAME)));
    expect([...piecesByPeer(fetched).keys()]).not.toContain(dead);
    expect(sum(piecesByPeer(fetched).values())).toBe(FILE_PIECES);
    // The tracker still named it, and it was asked.
    expect(fetched.stderr).toContainEqual(expect.stringMatching(`'${dead}': UNAVAILABLE`));
  });

  test("takes pieces that do not match their hash from another peer", async () => {
    await using swarm = await startSwarm(1);
    await using liar = await startLyingPeer(swarm);
    const fetched = await fetchFile(swarm.tracker, NAME, "copy-without-lies");
    expect(fetched.code, fetched.stderr.join("\n")).toBe(0);
    expect(await hashFile(folder.join("copy-without-lies"))).toBe(await hashFile(folder.join(NAME)));
    expect([...piecesByPeer(fetched)]).toEqual([[[...swarm.seeders.keys()][0], FILE_PIECES]]);
    expect(fetched.stderr).toContainEqual(`fetch.py: '${liar.address}': what it sent does not match its hash`);
  });

  test("an empty file", async () => {
    await writeTestFile(folder.join("nothing"), 0);
    await using swarm = await startSwarm(1, folder.join("nothing"));
    expect(await fetchFile(swarm.tracker, "nothing", "copy-of-nothing")).toEqual({ code: 0, stdout: [], stderr: [] });
    expect(await readFile(folder.join("copy-of-nothing"))).toHaveLength(0);
  });

  test("what it cannot do is one line on stderr and exit code 1", async () => {
    await writeTestFile(folder.join("tree/a"), 1);
    await using swarm = await startSwarm(1, folder.join("tree"));
    await expectFailure(swarm.tracker, "no such file", "NOT_FOUND ");
    await expectFailure(swarm.tracker, "tree", "'tree' is not a single file");
    await expectFailure("127.0.0.1:9", NAME, "UNAVAILABLE ");
  });
});

/** Lays out what the commands of the client's README need, and runs the one that generates. */
async function generateStubs(): Promise<void> {
  await mkdir(folder.join("examples/python"), { recursive: true });
  await symlink(`${ROOT}proto`, folder.join("proto"));
  await cp(`${ROOT}examples/python/fetch.py`, folder.join("examples/python/fetch.py"));
  const readme = await readFile(`${ROOT}examples/python/README.md`, "utf8");
  const command = /^python3 (-m grpc_tools\.protoc .*)$/m.exec(readme)![1]!;
  await promisify(execFile)("sh", ["-c", `${PYTHON} ${command}`], { cwd: folder.path });
}

async function expectFailure(tracker: string, name: string, message: string): Promise<void> {
  const failed = await fetchFile(tracker, name, "none");
  expect(failed).toEqual({ code: 1, stdout: [], stderr: [expect.stringContaining(`fetch.py: ${message}`)] });
  expect(existsSync(folder.join("none"))).toBe(false);
}

interface Outcome {
  /** null if it was killed because it took too long. */
  readonly code: number | null;
  readonly stdout: string[];
  readonly stderr: string[];
}

/** Runs `fetch.py TRACKER NAME OUTPUT` to its end. */
async function fetchFile(tracker: string, name: string, output: string): Promise<Outcome> {
  const args = ["examples/python/fetch.py", tracker, name, folder.join(output)];
  const options = { cwd: folder.path, timeout: PYTHON_TIMEOUT_MS };
  const { code, stdout, stderr } = await promisify(execFile)(PYTHON, args, options).then(
    (printed) => ({ code: 0, ...printed }),
    (failed: { readonly code: number | null; readonly stdout: string; readonly stderr: string }) => failed,
  );
  return { code, stdout: lines(stdout), stderr: lines(stderr) };
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** What the client prints at its end: how many pieces each peer gave. */
function piecesByPeer({ stdout }: Outcome): Map<string, number> {
  return new Map(stdout.map((line) => /^(\d+) pieces from (\S+)$/.exec(line)!).map(([, pieces, address]) => [address!, Number(pieces)]));
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

interface Swarm extends AsyncDisposable {
  /** Address. */
  readonly tracker: string;
  readonly contentId: string;
  /** By address. */
  readonly seeders: ReadonlyMap<string, RunningProcess>;
}

/** A tracker, and peers that share the same path, each at the same limited rate. */
async function startSwarm(seederCount: number, path = folder.join(NAME)): Promise<Swarm> {
  const tracker = await startTracker();
  const started = Array.from({ length: seederCount }, () => startPeer(["share", path, "--tracker", tracker.address, "--upload-limit", RATE, "--json"]));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((seeder) => seeder.stop()));
    await tracker.process.stop();
  };
  try {
    const shared = await Promise.all(started.map((seeder) => seeder.waitForEvent("shared")));
    const serving = await Promise.all(started.map((seeder) => seeder.waitForEvent("serving")));
    return {
      tracker: tracker.address,
      contentId: shared[0]!["contentId"] as string,
      seeders: new Map(serving.map((event, index) => [event["address"] as string, started[index]!])),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const services = loadSync(["piecewise/v1/tracker.proto", "piecewise/v1/peer.proto"], { includeDirs: [`${ROOT}proto`] });
const TRACKER_SERVICE = services["piecewise.v1.TrackerService"] as ServiceDefinition;
const PEER_SERVICE = services["piecewise.v1.PeerService"] as ServiceDefinition;

const LIAR_ID = Buffer.alloc(16, 1);

/** Registers a peer that passes on the right manifest, and gives nothing but zeros for pieces. */
async function startLyingPeer({ tracker, contentId, seeders }: Swarm): Promise<{ readonly address: string } & AsyncDisposable> {
  const seeder = openClient([...seeders.keys()][0]!);
  const server = new Server();
  server.addService(PEER_SERVICE, {
    Identify: ({ request }: ServerUnaryCall<{ nonce: Buffer }, object>, callback: sendUnaryData<object>) => callback(null, { peerId: LIAR_ID, nonce: request.nonce }),
    GetManifest: (call: ServerWritableStream<object, object>) => {
      const { path, requestSerialize, responseDeserialize } = PEER_SERVICE["GetManifest"]!;
      const parts = seeder.makeServerStreamRequest(path, requestSerialize, responseDeserialize, call.request);
      parts.on("data", (part: object) => call.write(part)).on("end", () => call.end());
    },
    GetPiece: (call: ServerWritableStream<{ pieceIndex: number }, object>) => {
      call.write({ pieceIndex: call.request.pieceIndex, data: Buffer.alloc(PIECE_BYTES) });
      call.end();
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  await register(tracker, port, contentId);
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      seeder.close();
    },
  };
}

async function register(tracker: string, port: number, contentId: string): Promise<void> {
  const content = { contentId, name: NAME, totalBytes: FILE_BYTES, pieceLength: PIECE_BYTES, entryCount: 1, progress: { piecesHeld: FILE_PIECES } };
  const client = openClient(tracker);
  const { path, requestSerialize, responseDeserialize } = TRACKER_SERVICE["Register"]!;
  await new Promise<void>((resolve, reject) => {
    const request = { peerId: LIAR_ID, port, contents: [content] };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) => (error === null ? resolve() : reject(error)));
  });
  client.close();
}

const openClient = (address: string): Client => new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
