import { expect } from "vitest";
import { type Behaviour, LyingPeer } from "./lying-peer.js";
import { type JsonEvent, type RunningProcess, runPeer, startPeer, startTracker, type RunningTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { describeFile, type TestContent } from "./test-content.js";
import { hashFile, writeTestFile } from "./test-files.js";

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** One file, one tracker, and one honest `peer share` of the file. */
export interface HonestSwarm extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly tracker: RunningTracker;
  readonly path: string;
  readonly content: TestContent;
  readonly seeder: RunningProcess;
  readonly seederAddress: string;
}

export interface HonestSwarmOptions {
  readonly bytes: number;
  readonly pieceLength: number;
  /** Flags of `peer share`. */
  readonly flags?: readonly string[];
}

export async function startHonestSwarm({ bytes, pieceLength, flags = [] }: HonestSwarmOptions): Promise<HonestSwarm> {
  const folder = await openTempFolder();
  const path = folder.join("shared", "film.bin");
  await writeTestFile(path, bytes);
  const content = await describeFile(path, pieceLength);
  const tracker = await startTracker();
  const { process: seeder, address } = await startSeeder(path, tracker.address, ["--piece-length", String(pieceLength), ...flags]);
  return {
    folder,
    tracker,
    path,
    content,
    seeder,
    seederAddress: address,
    async [Symbol.asyncDispose]() {
      await seeder.stop();
      await tracker[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export interface Seeder extends AsyncDisposable {
  readonly process: RunningProcess;
  readonly address: string;
}

/** Starts `peer share`, and resolves when it serves. */
export async function startSeeder(path: string, tracker: string, flags: readonly string[]): Promise<Seeder> {
  const process = startPeer(["share", path, "--tracker", tracker, "--json", ...flags]);
  const serving = await process.waitForEvent("serving");
  return { process, address: serving["address"] as string, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

/** The arguments of a `peer download` that asks these peers and no tracker. */
export const downloadFrom = (peers: readonly string[], contentId: string, output: string): string[] => [
  "download",
  contentId,
  ...peers.flatMap((peer) => ["--peer", peer]),
  "--listen",
  "127.0.0.1:0",
  "--output",
  output,
  "--json",
];

/** How a download went in which a liar took part. */
export interface Outcome {
  readonly finished: JsonEvent;
  /** Payload bytes that were received and not needed. */
  readonly wastedBytes: number;
  readonly stderr: readonly string[];
  /** What one peer is said to have given. */
  bytesFrom(address: string): number;
}

let downloads = 0;

/** Downloads from the liars and the honest seeder, and sees to it that every byte is right. */
export async function downloadBeside(liars: readonly LyingPeer[], swarm: HonestSwarm, flags: readonly string[] = []): Promise<Outcome> {
  const output = swarm.folder.join(`copy-${(downloads += 1)}`);
  const peers = [...liars.map(({ address }) => address), swarm.seederAddress];
  const peer = await runPeer([...downloadFrom(peers, swarm.content.contentId, output), ...flags]);
  expect(peer.exitCode, peer.transcript()).toBe(0);
  expect(await hashFile(output)).toBe(await hashFile(swarm.path));
  const finished = peer.events.at(-1)!;
  const given = finished["peers"] as { address: string; bytes: number }[];
  return {
    finished,
    wastedBytes: (finished["receivedBytes"] as number) - (finished["bytes"] as number),
    stderr: peer.stderr,
    bytesFrom: (address) => given.find((one) => one.address === address)?.bytes ?? 0,
  };
}

/** Several liars, by what they do. */
export interface Liars extends AsyncDisposable {
  readonly peers: ReadonlyMap<string, LyingPeer>;
}

export async function startLiars(content: TestContent, behaviours: Readonly<Record<string, Behaviour>>): Promise<Liars> {
  const peers = new Map<string, LyingPeer>();
  for (const [what, behaviour] of Object.entries(behaviours)) peers.set(what, await LyingPeer.start(content, behaviour));
  return {
    peers,
    async [Symbol.asyncDispose]() {
      for (const peer of peers.values()) await peer[Symbol.asyncDispose]();
    },
  };
}
