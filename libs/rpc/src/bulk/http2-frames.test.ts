import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_PAYLOAD_BYTES_MAX, frameHeader, FrameScanner, windowUpdate } from "./http2-frames.js";

const DATA = 0;
const END_STREAM = 0x1;
const PADDED = 0x8;
/** Streams with odd numbers below this are wanted. */
const WANTED_BELOW = 10;

/** Gathers what a scanner says, the bytes of each kind put together. */
function scan(bytes: Buffer, cuts: readonly number[]) {
  const data = new Map<number, Buffer[]>();
  const windowBytes = new Map<number, number>();
  const others: Buffer[] = [];
  const scanner = new FrameScanner({
    wants: (stream) => stream > 0 && stream < WANTED_BELOW,
    onDataFrame: (stream, count) => void windowBytes.set(stream, (windowBytes.get(stream) ?? 0) + count),
    onData: (stream, part) => void data.set(stream, [...(data.get(stream) ?? []), Buffer.from(part)]),
    onOther: (part) => void others.push(Buffer.from(part)),
  });
  let at = 0;
  for (const length of [...cuts, bytes.length]) {
    scanner.write(bytes.subarray(at, at + length));
    at = Math.min(at + length, bytes.length);
  }
  return {
    data: new Map([...data].map(([stream, parts]) => [stream, Buffer.concat(parts).toString("hex")])),
    windowBytes,
    other: Buffer.concat(others).toString("hex"),
  };
}

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer =>
  Buffer.concat([frameHeader(payload.length, type, flags, stream), payload]);

const bytesOf = (length: number) => fc.uint8Array({ maxLength: length }).map((bytes) => Buffer.from(bytes));
const sentFrame = fc.record({
  type: fc.constantFrom(DATA, DATA, 1, 4, 6, 8),
  stream: fc.constantFrom(0, 1, 3, 11),
  ends: fc.boolean(),
  padding: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
  payload: bytesOf(60),
});

test("tells DATA of wanted streams from everything else, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(sentFrame, { maxLength: 12 }), fc.array(fc.nat({ max: 40 }), { maxLength: 30 }), (sent, cuts) => {
      const wire: Buffer[] = [];
      const other: Buffer[] = [];
      const data = new Map<number, string>();
      const windowBytes = new Map<number, number>();
      for (const { type, stream, ends, padding, payload } of sent) {
        const isPadded = type === DATA && padding !== undefined;
        const padded = isPadded ? Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding, 0xee)]) : payload;
        const flags = (ends ? END_STREAM : 0) | (isPadded ? PADDED : 0);
        const bytes = frame(type, flags, stream, padded);
        wire.push(bytes);
        if (type !== DATA || stream === 0 || stream >= WANTED_BELOW) {
          other.push(bytes);
          continue;
        }
        if (payload.length > 0) data.set(stream, (data.get(stream) ?? "") + payload.toString("hex"));
        windowBytes.set(stream, (windowBytes.get(stream) ?? 0) + padded.length);
        if (ends) other.push(frame(DATA, END_STREAM, stream, Buffer.alloc(0)));
      }
      expect(scan(Buffer.concat(wire), cuts)).toEqual({ data, windowBytes, other: Buffer.concat(other).toString("hex") });
    }),
  );
});

describe("refuses DATA that no server may send", () => {
  test("in a frame that is too large", () => {
    expect(() => scan(frame(DATA, 0, 1, Buffer.alloc(FRAME_PAYLOAD_BYTES_MAX + 1)), [])).toThrow("a DATA frame of 16385 bytes");
    expect(scan(frame(DATA, 0, 1, Buffer.alloc(FRAME_PAYLOAD_BYTES_MAX)), []).windowBytes.get(1)).toBe(FRAME_PAYLOAD_BYTES_MAX);
  });

  test("with more padding than payload", () => {
    expect(() => scan(frame(DATA, PADDED, 1, Buffer.of(3, 0, 0)), [])).toThrow("more padding than payload");
    expect(() => scan(frame(DATA, PADDED, 1, Buffer.alloc(0)), [])).toThrow("without the length of its padding");
  });
});

test("a window update is a frame as the standard has it", () => {
  expect(windowUpdate(5, 0x0010_0000).toString("hex")).toBe("00000408000000000500100000");
});
