import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIB } from "@piecewise/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compareContent } from "./compare-content.js";
import { makeFile, makeSparseFile, makeTree } from "./content.js";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "piecewise-content-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the same name gives the same bytes, another one or another seed other bytes", () => {
  let made = 0;
  const bytesOf = (name: string, seed?: string): Buffer => readFileSync(makeFile(join(folder, String((made += 1))), name, 5_000_000, seed).path);
  const bytes = bytesOf("a");
  expect(bytes.length).toBe(5_000_000);
  expect(bytesOf("a").equals(bytes)).toBe(true);
  expect(bytesOf("b").equals(bytes)).toBe(false);
  expect(bytesOf("a", "c").equals(bytes)).toBe(false);
});

test("a sparse file takes little room", () => {
  const { path } = makeSparseFile(folder, "sparse", 64 * MIB);
  expect(statSync(path).size).toBe(64 * MIB);
  expect(statSync(path).blocks * 512).toBeLessThan(4 * MIB);
});

function copyOf(path: string): string {
  cpSync(path, join(folder, "copy"), { recursive: true });
  return join(folder, "copy");
}

describe("a copy is compared", () => {
  test("a file with itself", async () => {
    const content = makeFile(folder, "a", 9_000_000);
    await expect(compareContent(content, copyOf(content.path))).resolves.toBeUndefined();
  });

  test("a file with one byte wrong, or one too many, or none", async () => {
    const content = makeFile(folder, "a", 9_000_000);
    const copy = copyOf(content.path);
    const bytes = readFileSync(copy);
    writeFileSync(copy, Buffer.concat([bytes, Buffer.of(1)]));
    await expect(compareContent(content, copy)).rejects.toThrow("has not the 9000000 bytes");
    bytes[8_999_999]! ^= 1;
    writeFileSync(copy, bytes);
    await expect(compareContent(content, copy)).rejects.toThrow("between byte 8388608 and byte 9000000");
    rmSync(copy);
    await expect(compareContent(content, copy)).rejects.toThrow("is not there");
  });

  test("a tree: every file, and no other", async () => {
    const content = makeTree(folder, "tree", 150, 100);
    const copy = copyOf(content.path);
    await expect(compareContent(content, copy)).resolves.toBeUndefined();
    writeFileSync(join(copy, "more"), "");
    await expect(compareContent(content, copy)).rejects.toThrow("does not have the files");
    rmSync(join(copy, "more"));
    appendFileSync(join(copy, "folder-0001/file-000149"), "x");
    await expect(compareContent(content, copy)).rejects.toThrow("has not the 100 bytes");
  });
});
