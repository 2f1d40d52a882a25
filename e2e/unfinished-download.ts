import { readdir, readFile } from "node:fs/promises";
import { expect } from "vitest";
import type { CountingProxy } from "./counting-proxy.js";
import { type JsonEvent, type RunningProcess, startPeer } from "./processes.js";

/** What `shareForResume` cuts contents into. */
export const PIECE_BYTES = 64 * 1024;

export interface Sharing extends AsyncDisposable {
  readonly contentId: string;
  /** Where the seeder listens. */
  readonly address: string;
}

export async function shareForResume(path: string, tracker: string, flags: readonly string[] = []): Promise<Sharing> {
  const seeder = startPeer(["share", path, "--tracker", tracker, "--piece-length", String(PIECE_BYTES), "--json", ...flags]);
  const contentId = (await seeder.waitForEvent("shared"))["contentId"] as string;
  const address = (await seeder.waitForEvent("serving"))["address"] as string;
  return { contentId, address, [Symbol.asyncDispose]: () => seeder[Symbol.asyncDispose]() };
}

/** The command that is always the same. Only the named peer knows where the content is. */
export const startDownload = (contentId: string, peer: string, output: string): RunningProcess =>
  startPeer(["download", contentId, "--peer", peer, "--listen", "127.0.0.1:0", "--output", output, "--json"]);

/** Waits for its good end and gives its last event, after honest progress all the way. */
export async function finishDownload(peer: RunningProcess): Promise<JsonEvent> {
  expect(await peer.waitForExit(), peer.transcript()).toEqual({ code: 0, signal: null });
  expect(peer.stderr).toEqual([]);
  expectHonestProgress(peer);
  const finished = peer.events.at(-1)!;
  expect(finished["event"]).toBe("finished");
  expect(numberIn(finished, "receivedBytes") + numberIn(finished, "resumedBytes")).toBe(finished["bytes"]);
  return finished;
}

export const numberIn = (event: JsonEvent, field: string): number => event[field] as number;

export const progressOf = (peer: RunningProcess): JsonEvent[] => peer.events.filter(({ event }) => event === "progress");

/** Rate and time left are of what came in this run alone. */
export function expectHonestProgress(peer: RunningProcess): void {
  for (const event of progressOf(peer)) {
    const received = numberIn(event, "receivedBytes");
    const verified = numberIn(event, "verifiedBytes");
    const rate = numberIn(event, "bytesPerSecond");
    expect(verified - numberIn(event, "resumedBytes"), peer.transcript()).toBeLessThanOrEqual(received);
    // No rate is of less than a quarter of a second.
    expect(rate, peer.transcript()).toBeLessThanOrEqual(received * 4);
    if (event["phase"] !== "downloading" || rate === 0) continue;
    const leftMs = ((numberIn(event, "totalBytes") - verified) / rate) * 1000;
    expect(Math.abs(numberIn(event, "etaMs") - leftMs), peer.transcript()).toBeLessThanOrEqual(1 + leftMs / rate);
  }
}

/** Kills it as soon as the proxy has passed on so many bytes more, or lets it finish. Gives what was passed on in that time. */
export async function killAfter(peer: RunningProcess, proxy: CountingProxy, bytes: number): Promise<number> {
  const before = proxy.passedBytes;
  await Promise.race([proxy.whenPassed(before + bytes), peer.exited]);
  peer.signal("SIGKILL");
  await peer.exited;
  return proxy.passedBytes - before;
}

/** The hidden folder of the one unfinished download that goes into `place`, if there is one. */
export async function hiddenFolder(place: string): Promise<string | undefined> {
  const name = (await readdir(place)).find((entry) => entry.endsWith(".piecewise"));
  return name === undefined ? undefined : `${place}/${name}`;
}

/** The bytes of the pieces that the journal in there names. */
export async function storedBytes(place: string, totalBytes: number): Promise<number> {
  const hidden = await hiddenFolder(place);
  if (hidden === undefined || !(await readdir(hidden)).includes("journal")) return 0;
  return bytesOf(recordsOf(await readFile(`${hidden}/journal`)), totalBytes);
}

export const JOURNAL_RECORD_BYTES = 8;

/** The records of a journal, one for each stored piece. */
export function recordsOf(journal: Buffer): Buffer[] {
  const start = headerOf(journal).length;
  const count = Math.floor((journal.length - start) / JOURNAL_RECORD_BYTES);
  return Array.from({ length: count }, (_, index) => journal.subarray(start + index * JOURNAL_RECORD_BYTES).subarray(0, JOURNAL_RECORD_BYTES));
}

/** Two lines. */
export const headerOf = (journal: Buffer): Buffer => journal.subarray(0, journal.indexOf("\n", journal.indexOf("\n") + 1) + 1);

export const pieceOf = (record: Buffer): number => record.readUInt32BE(0);

/** How long the pieces of these records are together. */
export const bytesOf = (records: readonly Buffer[], totalBytes: number): number =>
  records.reduce((sum, record) => sum + Math.min(PIECE_BYTES, totalBytes - pieceOf(record) * PIECE_BYTES), 0);
