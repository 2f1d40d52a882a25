import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameAssembler } from "./frame-assembler.js";
import { releaseFrame } from "./frame-pool.js";

const frameOf = (message: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

/** Feeds the bytes in parts of these lengths, the rest as one. */
function assemble(bytes: Buffer, partLengths: readonly number[], messageBytesMax: number): Buffer[] {
  const assembler = new FrameAssembler(messageBytesMax);
  const frames: Buffer[] = [];
  let at = 0;
  for (const length of [...partLengths, bytes.length]) {
    frames.push(...assembler.write(bytes.subarray(at, at + length)));
    at = Math.min(at + length, bytes.length);
  }
  return frames;
}

test("gives the same messages however they are cut into parts", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat({ max: 80 }), { maxLength: 30 }), (sent, partLengths) => {
      const frames = sent.map(frameOf);
      expect(assemble(Buffer.concat(frames), partLengths, 200)).toEqual(frames);
    }),
  );
});

test("keeps the flag of a compressed message", () => {
  const frame = Buffer.from([1, 0, 0, 0, 2, 7, 8]);
  expect(assemble(frame, [1, 3], 2)).toEqual([frame]);
});

test("an unfinished message is no message", () => {
  expect(assemble(frameOf(Buffer.alloc(10)).subarray(0, 14), [5], 10)).toEqual([]);
});

test("refuses a message as soon as its length says that it is too large", () => {
  const assembler = new FrameAssembler(100);
  expect(() => assembler.write(frameOf(Buffer.alloc(101)).subarray(0, 5))).toThrow("a message that is too large");
});

describe("memory of chunks of the usual size", () => {
  const message = Buffer.alloc(256 * 1024 + 10, 7);
  const receive = (): Buffer => assemble(frameOf(message), [16_384], message.length)[0] ?? Buffer.alloc(0);

  test("is used again once it was given back", () => {
    const first = receive();
    const { buffer } = first;
    expect(receive().buffer).not.toBe(buffer);
    releaseFrame(buffer as ArrayBuffer);
    const again = receive();
    expect(again.buffer).toBe(buffer);
    expect(again.equals(frameOf(message))).toBe(true);
  });

  test("is not mixed with memory of other sizes", () => {
    const other = new ArrayBuffer(1000);
    releaseFrame(other);
    expect(receive().buffer).not.toBe(other);
  });
});
