import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFile, makeTree } from "../measure/content.js";
import { bencode } from "./bencode.js";
import { makeTorrent } from "./make-torrent.js";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "piecewise-torrent-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sha1 = (bytes: Uint8Array): Buffer => createHash("sha1").update(bytes).digest();

test("a file: whole pieces, and a shorter last one", () => {
  const content = makeFile(folder, "a.bin", 600_000);
  makeTorrent(content, join(folder, "t"));

  const bytes = readFileSync(content.path);
  const pieces = Buffer.concat([sha1(bytes.subarray(0, 262_144)), sha1(bytes.subarray(262_144, 524_288)), sha1(bytes.subarray(524_288))]);
  expect(readFileSync(join(folder, "t"))).toEqual(bencode({ info: { length: 600_000, name: "a.bin", "piece length": 262_144, pieces } }));
});

test("a tree: pieces run across its files", () => {
  const content = makeTree(folder, "tree", 3, 100_000);
  makeTorrent(content, join(folder, "t"));

  const paths = ["file-000000", "file-000001", "file-000002"].map((name) => ["folder-0000", name]);
  const bytes = Buffer.concat(paths.map((path) => readFileSync(join(content.path, ...path))));
  const pieces = Buffer.concat([sha1(bytes.subarray(0, 262_144)), sha1(bytes.subarray(262_144))]);
  const files = paths.map((path) => ({ length: 100_000, path }));
  expect(readFileSync(join(folder, "t"))).toEqual(bencode({ info: { files, name: "tree", "piece length": 262_144, pieces } }));
});
