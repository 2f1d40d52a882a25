import { expect, test } from "vitest";
import { CollectedBytes } from "./collected-bytes.js";

test.each([[[]], [[0]], [[1]], [[65_536]], [[65_537]], [[65_535, 1, 1]], [[1, 300_000, 1]], [[100_000, 100_000, 100_000]]])("parts of %j bytes", (lengths) => {
  const parts = lengths.map((length, index) => Buffer.alloc(length, index + 1));
  const collected = new CollectedBytes();
  for (const part of parts) collected.append(part);
  expect(collected.length).toBe(lengths.reduce((sum, length) => sum + length, 0));
  expect(Buffer.from(collected.toBytes())).toEqual(Buffer.concat(parts));
});
