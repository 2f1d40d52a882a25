import { expect, test } from "vitest";
import { Spoiler } from "./spoiler.js";

const [DATA, HEADERS] = [0, 1];
const RIGHT_BYTES = 65_536;

function frame(type: number, bytes: number): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(bytes, 0, 3);
  header[3] = type;
  return Buffer.concat([header, Buffer.alloc(bytes, 7)]);
}

/** What becomes of frames that come in parts of that many bytes. */
function spoilt(frames: readonly Buffer[], partBytes: number): Buffer {
  const spoiler = new Spoiler();
  const all = Buffer.concat(frames);
  for (let at = 0; at < all.length; at += partBytes) spoiler.spoil(all.subarray(at, at + partBytes));
  return all;
}

const first = frame(DATA, RIGHT_BYTES);

test.each([1, 7, 9, 5_000, 1_000_000])("spoils the last byte of a large data frame, in parts of %i bytes", (partBytes) => {
  const expected = Buffer.concat([first, frame(DATA, 5_000), frame(DATA, 5_000)]);
  expected[first.length + 5_008] = 7 ^ 0xff;
  expected[expected.length - 1] = 7 ^ 0xff;
  expect(spoilt([first, frame(DATA, 5_000), frame(DATA, 5_000)], partBytes).equals(expected)).toBe(true);
});

test("leaves everything else as it is", () => {
  const harmless = [frame(HEADERS, 5_000), frame(DATA, 100), frame(DATA, 0), frame(4, 0)];
  expect(spoilt([first, ...harmless], 777).equals(Buffer.concat([first, ...harmless]))).toBe(true);
});

test("leaves the beginning of a connection as it is", () => {
  const frames = [frame(DATA, 5_000), frame(DATA, 30_000)];
  expect(spoilt(frames, 100).equals(Buffer.concat(frames))).toBe(true);
});
