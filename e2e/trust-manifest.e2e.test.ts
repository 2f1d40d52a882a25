import { createHash } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as lies from "./lies.js";
import { LyingPeer } from "./lying-peer.js";
import { encodeMessage, type Message } from "./plain-grpc.js";
import { runPeer, startPeer } from "./processes.js";
import { downloadFrom, type HonestSwarm, KIB, startHonestSwarm, startLiars } from "./swarm-of-liars.js";
import { openTempFolder } from "./temp-folder.js";
import type { TestContent } from "./test-content.js";
import { hashFile } from "./test-files.js";

describe("a manifest that the content id is not the hash of", () => {
  let swarm: HonestSwarm;
  beforeAll(async () => {
    swarm = await startHonestSwarm({ bytes: 300 * KIB, pieceLength: 64 * KIB });
  });
  afterAll(() => swarm[Symbol.asyncDispose]());

  test("gets whoever sent it banned, and another is asked", async () => {
    const { contentId, manifestBytes } = swarm.content;
    await using liars = await startLiars(swarm.content, {
      "other bytes": { getManifest: lies.otherManifest(Buffer.alloc(manifestBytes.length, 10)) },
      "no bytes": { getManifest: lies.otherManifest(Buffer.alloc(0)) },
      "all but the last byte": { getManifest: lies.otherManifest(manifestBytes.subarray(0, -1)) },
      "one byte more": { getManifest: lies.otherManifest(Buffer.concat([manifestBytes, Buffer.of(0)])) },
      "bytes without end": { getManifest: lies.endlessManifest(2 ** 20) },
      "parts without bytes": { getManifest: lies.endlessManifest(0) },
    });
    const peers = [...liars.peers.values()];
    const output = swarm.folder.join("copy");
    // The honest one is silent until all have lied.
    swarm.seeder.signal("SIGSTOP");
    await using fetcher = startPeer(downloadFrom([...peers.map(({ address }) => address), swarm.seederAddress], contentId, output));
    await Promise.all(peers.map((liar) => liar.calls.waitFor("GetManifest"))).finally(() => swarm.seeder.signal("SIGCONT"));
    await fetcher.waitForEvent("finished");
    expect(await hashFile(output)).toBe(await hashFile(swarm.path));
    for (const [what, liar] of liars.peers) {
      expect(liar.calls.of("WatchPieces"), what).toHaveLength(1);
      expect(liar.calls.of("GetManifest"), what).toHaveLength(1);
      expect(liar.calls.of("GetPiece"), what).toEqual([]);
    }
  });
});

interface Entry {
  readonly path?: string;
  readonly kind?: string | number;
  readonly sizeBytes?: string | number;
  readonly executable?: boolean;
}

const FILE = "MANIFEST_ENTRY_KIND_FILE";
const DIRECTORY = "MANIFEST_ENTRY_KIND_DIRECTORY";
const file = (path: string, sizeBytes = 1): Entry => ({ path, kind: FILE, sizeBytes });

/** A manifest of these entries in which everything else is as it should be. */
function manifestOf(entries: readonly Entry[], changes: Message = {}): Buffer {
  const totalBytes = entries.reduce((sum, { sizeBytes = 0 }) => sum + Number(sizeBytes), 0);
  const pieceLength = 4;
  const pieceHashes = Buffer.alloc(32 * Math.min(Math.ceil(totalBytes / pieceLength), 1000), 1);
  return encodeMessage("piecewise.v1.Manifest", { totalBytes, pieceLength, entries, pieceHashes, ...changes });
}

const ILLEGAL: Readonly<Record<string, Buffer>> = {
  "a path that leaves the directory": manifestOf([file("../escape")]),
  "an absolute path": manifestOf([file("/tmp/escape")]),
  "a drive letter": manifestOf([file("C:escape")]),
  "a backslash": manifestOf([file("..\\escape")]),
  "a NUL": manifestOf([file("nul\0byte")]),
  "an escape sequence": manifestOf([file("red\u001b[31m")]),
  "the name of a device": manifestOf([file("CON")]),
  "names that differ in case": manifestOf([file("Read"), file("read")]),
  "names that differ in the form of accents": manifestOf([file("e\u0301"), file("\u00e9")]),
  "a file that is a directory, too": manifestOf([file("doc"), file("doc/a")]),
  "a directory with bytes": manifestOf([{ path: "a", kind: DIRECTORY, sizeBytes: 1 }]),
  "files larger than the whole": manifestOf([file("a", 9)], { totalBytes: 5, pieceHashes: Buffer.alloc(64) }),
  "a file of 2^60 bytes": manifestOf([{ path: "a", kind: FILE, sizeBytes: String(2n ** 60n) }], { totalBytes: String(2n ** 60n) }),
  "sizes whose sum overflows": manifestOf(
    [...["a", "b"].map((path) => ({ path, kind: FILE, sizeBytes: String(2n ** 63n) })), file("c", 5)],
    { totalBytes: 5, pieceHashes: Buffer.alloc(64) },
  ),
  "an absurd piece length": manifestOf([file("a")], { pieceLength: 0xffff_ffff }),
  "too few hashes": manifestOf([file("a", 9)], { pieceHashes: Buffer.alloc(64) }),
  "a field that is unknown": Buffer.concat([manifestOf([file("a")]), Buffer.of(0x78, 1)]),
  "no message at all": Buffer.from("GET / HTTP/1.1\r\n\r\n"),
  "no bytes": Buffer.alloc(0),
};

describe.concurrent("a manifest that is what the content id says, and is not legal", () => {
  test.each(Object.entries(ILLEGAL))("%s", async (_what, manifestBytes) => {
    const contentId = `sha256:${createHash("sha256").update(manifestBytes).digest("hex")}`;
    const nothing = { totalBytes: 0, pieceLength: 1, pieceCount: 1, pieceBytes: () => 0, read: async () => Buffer.alloc(0) };
    const content: TestContent = { contentId, manifestBytes, ...nothing };
    await using folder = await openTempFolder();
    await using liar = await LyingPeer.start(content);
    const cwd = folder.join("here");
    await mkdir(cwd);
    const peer = await runPeer([...downloadFrom([liar.address], contentId, folder.join("target")), "--timeout", "5"], { cwd });
    expect(peer.exitCode, peer.transcript()).toBe(4);
    expect(peer.events.at(-1)).toMatchObject({ event: "error", code: "MANIFEST_INVALID" });
    expect(peer.stderr).toEqual([expect.stringMatching(/^peer: the manifest is not legal: \P{Cc}+; ask whoever shares this content to share it again$/u)]);
    expect(await readdir(folder.path, { recursive: true })).toEqual(["here"]);
    expect(liar.calls.of("GetPiece")).toEqual([]);
  });
});
