import { KIB, MIB } from "@piecewise/base";
import { expect, test } from "vitest";
import { firstChunkBytes, nextChunkBytes } from "./chunk-size.js";

test("chunks grow while they are taken quickly, up to the largest", () => {
  let chunkBytes = firstChunkBytes(MIB);
  const sizes = [chunkBytes];
  for (let sent = 0; sent < 4; sent += 1) sizes.push((chunkBytes = nextChunkBytes(chunkBytes, 3, MIB)));
  expect(sizes.map((bytes) => bytes / KIB)).toEqual([256, 512, 1024, 1024, 1024]);
});

test("they shrink while they are taken slowly, but not below 64 KiB", () => {
  let chunkBytes = MIB;
  const sizes: number[] = [];
  for (let sent = 0; sent < 6; sent += 1) sizes.push((chunkBytes = nextChunkBytes(chunkBytes, 2000, MIB)));
  expect(sizes.map((bytes) => bytes / KIB)).toEqual([512, 256, 128, 64, 64, 64]);
});

test("they stay as they are in between", () => {
  expect(nextChunkBytes(300_000, 200, MIB)).toBe(300_000);
});

test("where the largest is small already, as under a rate limit, all are of that size", () => {
  expect(firstChunkBytes(100_000)).toBe(100_000);
  expect(nextChunkBytes(100_000, 3, 100_000)).toBe(100_000);
  expect(nextChunkBytes(100_000, 2000, 100_000)).toBe(100_000);
});
