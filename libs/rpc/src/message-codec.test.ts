import { create, toBinary } from "@bufbuild/protobuf";
import { RegisterRequestSchema, WatchPiecesResponseSchema } from "@piecewise/contract";
import { expect, test } from "vitest";
import { createMessageCodec, MESSAGE_FIELDS_MAX } from "./message-codec.js";

const codec = createMessageCodec(WatchPiecesResponseSchema);
const ADDED_TAG = (2 << 3) | 2;
/** Ranges of no bytes, as small as an item can be. */
const emptyRanges = (count: number): Uint8Array => Uint8Array.from({ length: 2 * count }, (_, index) => (index % 2 === 0 ? ADDED_TAG : 0));

test("a message of as many fields as are allowed is read, one of more is not, before anything is made of it", () => {
  expect(codec.decode(emptyRanges(MESSAGE_FIELDS_MAX)).added).toHaveLength(MESSAGE_FIELDS_MAX);
  expect(() => codec.decode(emptyRanges(MESSAGE_FIELDS_MAX + 1))).toThrow("more than 65536 fields");
});

test("a bitmap of the largest content and a registration of as many contents as are allowed are read", () => {
  const offered = new Uint8Array(2 ** 17);
  expect(codec.decode(toBinary(WatchPiecesResponseSchema, create(WatchPiecesResponseSchema, { offered }))).offered).toHaveLength(offered.length);
  const contents = Array.from({ length: 10_000 }, (_, index) => ({ contentId: `sha256:${index}`, name: "x".repeat(255) }));
  const request = toBinary(RegisterRequestSchema, create(RegisterRequestSchema, { contents }));
  expect(createMessageCodec(RegisterRequestSchema).decode(request).contents).toHaveLength(contents.length);
});
