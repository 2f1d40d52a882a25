import { createHash } from "node:crypto";
import { encodeManifest } from "@piecewise/manifest";
import { encodeMessage, type Message } from "../plain-grpc.js";
import type { TestContent } from "../test-content.js";

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

const pathOf = (index: number): string => String(index).padStart(6, "0");

/** Manifests that a peer may well serve, with the ids that are theirs, and that nobody may follow. */
export const ILLEGAL_MANIFESTS: Readonly<Record<string, () => Buffer>> = {
  "a path that leaves the directory": () => manifestOf([file("../escape")]),
  "an absolute path": () => manifestOf([file("/tmp/escape")]),
  "a drive letter": () => manifestOf([file("C:escape")]),
  "a backslash": () => manifestOf([file("..\\escape")]),
  "a NUL": () => manifestOf([file("nul\0byte")]),
  "an escape sequence": () => manifestOf([file("red\u001b[31m")]),
  "the name of a device": () => manifestOf([file("CON")]),
  "names that differ in case": () => manifestOf([file("Read"), file("read")]),
  "names that differ in the form of accents": () => manifestOf([file("e\u0301"), file("\u00e9")]),
  "a file that is a directory, too": () => manifestOf([file("doc"), file("doc/a")]),
  "a directory with bytes": () => manifestOf([{ path: "a", kind: DIRECTORY, sizeBytes: 1 }]),
  "files larger than the whole": () => manifestOf([file("a", 9)], { totalBytes: 5, pieceHashes: Buffer.alloc(64) }),
  "a file of 2^60 bytes": () => manifestOf([{ path: "a", kind: FILE, sizeBytes: String(2n ** 60n) }], { totalBytes: String(2n ** 60n) }),
  "sizes whose sum overflows": () =>
    manifestOf([...["a", "b"].map((path) => ({ path, kind: FILE, sizeBytes: String(2n ** 63n) })), file("c", 5)], {
      totalBytes: 5,
      pieceHashes: Buffer.alloc(64),
    }),
  "an absurd piece length": () => manifestOf([file("a")], { pieceLength: 0xffff_ffff }),
  "too few hashes": () => manifestOf([file("a", 9)], { pieceHashes: Buffer.alloc(64) }),
  "more entries than there may be": () => manifestOf(Array.from({ length: 2 ** 18 + 1 }, (_, index) => file(pathOf(index), 0)), { totalBytes: 0 }),
  "a field that is unknown": () => Buffer.concat([manifestOf([file("a")]), Buffer.of(0x78, 1)]),
  "no message at all": () => Buffer.from("GET / HTTP/1.1\r\n\r\n"),
  "no bytes": () => Buffer.alloc(0),
};

/** A content of which there is only the manifest. */
export function contentOfManifest(manifestBytes: Uint8Array): TestContent {
  const contentId = `sha256:${createHash("sha256").update(manifestBytes).digest("hex")}`;
  return { contentId, manifestBytes, totalBytes: 0, pieceLength: 1, pieceCount: 1, pieceBytes: () => 0, read: async () => Buffer.alloc(0) };
}

const PIECE_LENGTH = 64 * 1_048_576;
const PIECES = 2 ** 20;

/** The largest content that there can be, 64 TiB in 2^20 pieces: its manifest is legal, and has 32 MiB. */
export function largestManifest(): Uint8Array {
  const totalBytes = PIECE_LENGTH * PIECES;
  const entries = [{ path: "", kind: "file" as const, bytes: totalBytes, executable: false }];
  return encodeManifest({ totalBytes, pieceLength: PIECE_LENGTH, entries, pieceHashes: Buffer.alloc(32 * PIECES, 1) });
}
