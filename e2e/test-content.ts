import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { contentIdOf, encodeManifest, pieceBytesOf } from "@piecewise/manifest";

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** A file as a content: what a peer needs to serve it, or to lie about it. */
export interface TestContent {
  readonly contentId: string;
  readonly manifestBytes: Uint8Array;
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  pieceBytes(piece: number): number;
  /** Reads from the file as it is now. */
  read(piece: number, offset: number, bytes: number): Promise<Buffer>;
}

export async function describeFile(path: string, pieceLength: number): Promise<TestContent> {
  const whole = await readFile(path);
  const pieceCount = Math.ceil(whole.length / pieceLength);
  const hashes = Array.from({ length: pieceCount }, (_, piece) => sha256(whole.subarray(piece * pieceLength, (piece + 1) * pieceLength)));
  const entries = [{ path: "", kind: "file" as const, bytes: whole.length, executable: false }];
  const manifest = { totalBytes: whole.length, pieceLength, entries, pieceHashes: Buffer.concat(hashes) };
  const manifestBytes = encodeManifest(manifest);
  return {
    contentId: contentIdOf(manifestBytes, sha256),
    manifestBytes,
    totalBytes: whole.length,
    pieceLength,
    pieceCount,
    pieceBytes: (piece) => pieceBytesOf(manifest, piece),
    async read(piece, offset, bytes) {
      await using file = await open(path);
      const data = Buffer.alloc(bytes);
      const { bytesRead } = await file.read(data, 0, bytes, piece * pieceLength + offset);
      return data.subarray(0, bytesRead);
    },
  };
}
