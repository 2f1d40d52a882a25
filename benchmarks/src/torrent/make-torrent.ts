import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultPieceLength } from "@piecewise/manifest";
import type { Content } from "../measure/content.js";
import { bencode } from "./bencode.js";

/** Writes a .torrent (version 1, no tracker in it) that describes the content, in pieces of the length that Piecewise takes by default. */
export function makeTorrent(content: Content, path: string): void {
  const pieceLength = defaultPieceLength(content.bytes);
  const hashes: Buffer[] = [];
  const piece = Buffer.allocUnsafe(pieceLength);
  let filled = 0;
  for (const file of content.files?.map((each) => join(content.path, each.path)) ?? [content.path]) {
    const opened = openSync(file, "r");
    for (;;) {
      const bytes = readSync(opened, piece, filled, pieceLength - filled, null);
      if (bytes === 0) break;
      filled += bytes;
      if (filled < pieceLength) continue;
      hashes.push(sha1(piece));
      filled = 0;
    }
    closeSync(opened);
  }
  if (filled > 0) hashes.push(sha1(piece.subarray(0, filled)));

  const size = content.files === undefined ? { length: content.bytes } : { files: content.files.map(torrentFile) };
  writeFileSync(path, bencode({ info: { name: content.name, "piece length": pieceLength, pieces: Buffer.concat(hashes), ...size } }));
}

const torrentFile = ({ path, bytes }: { readonly path: string; readonly bytes: number }) => ({ length: bytes, path: path.split("/") });

const sha1 = (bytes: Uint8Array): Buffer => createHash("sha1").update(bytes).digest();
