import { deepStrictEqual } from "node:assert/strict";
import { cutBytes, fuzz, joinParts, splitParts } from "@piecewise/base/testing";
import * as fc from "fast-check";
import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, frameHeader, FrameScanner } from "./http2-frames.js";

const DATA = 0;
const END_STREAM = 0x1;
const PADDED = 0x8;
const isWanted = (stream: number): boolean => stream > 0 && stream < 10;

/** All that comes out of a connection. What is passed on is one run of bytes, wherever it is cut. */
interface Seen {
  readonly data: Record<number, string>;
  readonly windowBytes: Record<number, number>;
  other: string;
  refused?: true;
}

function scan(parts: readonly Buffer[]): Seen {
  const seen: Seen = { data: {}, windowBytes: {}, other: "" };
  const scanner = new FrameScanner({
    wants: isWanted,
    onDataFrame: (stream, bytes) => void (seen.windowBytes[stream] = (seen.windowBytes[stream] ?? 0) + bytes),
    onData: (stream, part) => void (seen.data[stream] = (seen.data[stream] ?? "") + part.toString("hex")),
    onOther: (bytes) => void (seen.other += bytes.toString("hex")),
  });
  try {
    for (const part of parts) scanner.write(part);
  } catch (error) {
    if (!/^a (padded )?DATA frame /.test((error as Error).message)) throw error;
    return { data: {}, windowBytes: {}, other: "", refused: true };
  }
  return seen;
}

const refused: Seen = { data: {}, windowBytes: {}, other: "", refused: true };

/** The same, read frame by frame with all bytes at hand. */
function readWhole(bytes: Buffer): Seen {
  const seen: Seen = { data: {}, windowBytes: {}, other: "" };
  let at = 0;
  while (at + FRAME_HEADER_BYTES <= bytes.length) {
    const length = bytes.readUIntBE(at, 3);
    const flags = bytes[at + 4]!;
    const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    const start = at + FRAME_HEADER_BYTES;
    const end = Math.min(bytes.length, start + length);
    if (bytes[at + 3] !== DATA || !isWanted(stream)) {
      seen.other += bytes.toString("hex", at, end);
      at = end;
      continue;
    }
    if (length > FRAME_PAYLOAD_BYTES_MAX || ((flags & PADDED) !== 0 && length === 0)) return refused;
    seen.windowBytes[stream] = (seen.windowBytes[stream] ?? 0) + length;
    const isPadded = (flags & PADDED) !== 0;
    const padding = isPadded && start < bytes.length ? bytes[start]! : 0;
    if (padding > length - 1 && padding > 0) return refused;
    const data = bytes.toString("hex", start + (isPadded ? 1 : 0), Math.min(end, start + length - padding));
    if (data !== "") seen.data[stream] = (seen.data[stream] ?? "") + data;
    if (start + length <= bytes.length && (flags & END_STREAM) !== 0) seen.other += frameHeader(0, DATA, END_STREAM, stream).toString("hex");
    at = end;
  }
  return seen;
}

const frame = fc
  .tuple(
    fc.constantFrom(DATA, DATA, DATA, 1, 4, 8),
    fc.constantFrom(0, END_STREAM, PADDED, PADDED | END_STREAM),
    fc.constantFrom(1, 1, 3, 0, 11, 0x8000_0001),
    fc.uint8Array({ maxLength: 20 }),
  )
  .map(([type, flags, stream, payload]) => {
    if (flags & PADDED && payload.length > 0) payload[0]! %= payload.length;
    return Buffer.concat([frameHeader(payload.length, type, flags, stream), payload]);
  });

// Input: the lengths of the parts in which the bytes come, then the bytes.
fuzz({
  name: "what a server sends on a bulk connection",
  corpus: new URL("../testdata/http2-frames.corpus.json", import.meta.url),
  valid: fc.tuple(fc.uint8Array({ maxLength: 6 }), fc.array(frame, { maxLength: 6 })).map(([lengths, frames]) => joinParts([lengths, Buffer.concat(frames)])),
  check(input) {
    const [lengths = new Uint8Array(), bytes = new Uint8Array()] = splitParts(input, 2);
    const stream = Buffer.from(bytes);
    const seen = scan(cutBytes(stream, lengths));
    deepStrictEqual(seen, scan([stream]));
    deepStrictEqual(seen, readWhole(stream));
  },
});
