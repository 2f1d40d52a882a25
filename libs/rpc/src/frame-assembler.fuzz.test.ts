import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { cutBytes, fuzz, joinParts, splitParts } from "@piecewise/base/testing";
import * as fc from "fast-check";
import { FRAME_PREFIX_BYTES, FrameAssembler } from "./frame-assembler.js";

const MESSAGE_BYTES_MAX = 300;

/** A message as gRPC sends it; with `flag` 1 as one that is compressed. */
const frameOf = ([flag, message]: readonly [number, Uint8Array]): Buffer => {
  const prefix = Buffer.alloc(FRAME_PREFIX_BYTES, flag);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const frame = fc.tuple(fc.constantFrom(0, 0, 0, 1), fc.uint8Array({ maxLength: 24 })).map(frameOf);

/** The messages in a stream, read with all of it at hand; `isBroken` if one of them is too large. */
function readWhole(stream: Buffer): { frames: string[]; isBroken: boolean } {
  const frames: string[] = [];
  let at = 0;
  while (at + FRAME_PREFIX_BYTES <= stream.length) {
    const messageBytes = stream.readUInt32BE(at + 1);
    if (messageBytes > MESSAGE_BYTES_MAX) return { frames, isBroken: true };
    const end = at + FRAME_PREFIX_BYTES + messageBytes;
    if (end > stream.length) break;
    frames.push(stream.toString("hex", at, end));
    at = end;
  }
  return { frames, isBroken: false };
}

// Input: the lengths of the parts in which the stream comes, then the stream.
fuzz({
  name: "messages of a stream",
  corpus: new URL("testdata/frame-assembler.corpus.json", import.meta.url),
  valid: fc.tuple(fc.uint8Array({ maxLength: 6 }), fc.array(frame, { maxLength: 5 })).map(([lengths, frames]) => joinParts([lengths, Buffer.concat(frames)])),
  check(input) {
    const [lengths = new Uint8Array(), bytes = new Uint8Array()] = splitParts(input, 2);
    const stream = Buffer.from(bytes);
    const expected = readWhole(stream);
    const assembler = new FrameAssembler(MESSAGE_BYTES_MAX);
    const frames: string[] = [];
    let isBroken = false;
    for (const part of cutBytes(stream, lengths)) {
      try {
        for (const one of assembler.write(part)) frames.push(one.toString("hex"));
      } catch (error) {
        equal((error as Error).message, "a message that is too large");
        isBroken = true;
        break;
      }
    }
    equal(isBroken, expected.isBroken);
    // With the part that breaks it, whole messages in front of that may be lost.
    if (isBroken) ok(expected.frames.join(" ").startsWith(frames.join(" ")));
    else deepStrictEqual(frames, expected.frames);
  },
});
