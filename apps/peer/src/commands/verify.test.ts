import { chmod, cp, mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, createError } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import { openSharedFiles } from "@piecewise/piece-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeNode } from "../testing/fake-node.js";
import { runMain, type RunOptions } from "../testing/run-main.js";

const verify = (path: string, what: string, flags: readonly string[] = [], options?: RunOptions) =>
  runMain(["verify", path, what, ...flags], options);

let folder: string;
let tree: { readonly contentId: ContentId; readonly manifest: Manifest };
const path = (name: string): string => join(folder, name);

async function contentOf(name: string, pieceLength?: number): Promise<typeof tree> {
  const { source } = await openSharedFiles(path(name), { pieceLength });
  await source[Symbol.asyncDispose]();
  return source;
}

/** A node that knows what the content consists of. */
function nodeThatKnows(manifest: Manifest): FakeNode {
  const node = new FakeNode();
  node.manifest = manifest;
  return node;
}

async function copyOfTree(change: (root: string) => Promise<unknown>): Promise<string> {
  const root = path("copy");
  await rm(root, { recursive: true, force: true });
  await cp(path("tree"), root, { recursive: true });
  await change(root);
  return root;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "piecewise-verify-"));
  await mkdir(path("tree/d"), { recursive: true });
  await mkdir(path("tree/empty"));
  await writeFile(path("tree/a"), "a".repeat(250));
  await writeFile(path("tree/d/b"), "b".repeat(100), { mode: 0o755 });
  await writeFile(path("tree/z"), "z".repeat(300));
  tree = await contentOf("tree", 100);
});
afterAll(() => rm(folder, { recursive: true }));

describe("the same", () => {
  test("by the default piece length: nobody is asked", async () => {
    const { contentId } = await contentOf("tree");
    for (const what of [contentId, `piecewise:${contentId}?name=tree`]) {
      const run = verify(path("tree"), what);
      expect(await run.exitCode).toBe(0);
      expect(run.stdout.text).toBe(`"${path("tree")}" is ${contentId}: every byte is as it should be\n`);
      expect(run.node.calls).toEqual([]);
    }
  });

  test("by the piece length that is given", async () => {
    const run = verify(path("tree"), tree.contentId, ["--piece-length", "100", "--json"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.events.at(-1)).toEqual({ event: "verified", contentId: tree.contentId, path: path("tree"), bytes: 650 });
    expect(run.node.calls).toEqual([]);
  });

  test("only cut into other pieces, as a peer tells", async () => {
    const run = verify(path("tree"), tree.contentId, ["--peer", "p:1"], { node: nodeThatKnows(tree.manifest) });
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toContain("every byte is as it should be");
    expect(run.node.calls).toEqual(["start", `manifest ${tree.contentId}`, "close 5000"]);
  });
});

describe("what differs is named", () => {
  test.each<[what: string, change: (root: string) => Promise<unknown>, lines: string[], summary: string]>([
    ["a byte", (root) => writeFile(join(root, "a"), `${"a".repeat(249)}x`), ["piece 2: a, d/b"], "1 of 7 pieces differ"],
    ["bytes in a row", (root) => writeFile(join(root, "z"), "x".repeat(300)), ["pieces 3-6: d/b, z"], "4 of 7 pieces differ"],
    ["a missing file", (root) => rm(join(root, "a")), ["missing: a", "pieces 0-2: a, d/b"], "1 name differs, 3 of 7 pieces differ"],
    ["an extra file", (root) => writeFile(join(root, "empty/more"), "x"), ["extra: empty/more"], "1 name differs"],
    ["a directory that is missing", (root) => rm(join(root, "empty"), { recursive: true }), ["missing: empty"], "1 name differs"],
    [
      "a shorter file",
      (root) => truncate(join(root, "z"), 299),
      ["size: z has 299 B, not 300 B", "piece 6: z"],
      "1 name differs, 1 of 7 pieces differ",
    ],
    ["a mode", (root) => chmod(join(root, "d/b"), 0o644), ["mode: d/b is not executable"], "1 name differs"],
    [
      "a file for a directory",
      (root) => rm(join(root, "empty"), { recursive: true }).then(() => writeFile(join(root, "empty"), "")),
      ["not a directory: empty"],
      "1 name differs",
    ],
    ["a file for the tree", (root) => rm(root, { recursive: true }).then(() => writeFile(root, "x")), ["it is a file, not a directory"], "1 name differs"],
  ])("%s", async (_, change, lines, summary) => {
    const root = await copyOfTree(change);
    const run = verify(root, tree.contentId, ["--peer", "p:1"], { node: nodeThatKnows(tree.manifest) });
    expect(await run.exitCode).toBe(4);
    expect(run.stdout.text.split("\n")).toEqual([...lines, ""]);
    expect(run.stderr.text.split("\n").at(-2)).toBe(`peer: "${root}" is not ${tree.contentId}: ${summary}; download it again to have what it was`);
  });

  test("in events too, with what both hashed alike compared as it is", async () => {
    const root = await copyOfTree((copy) => writeFile(join(copy, "a"), `x${"a".repeat(249)}`));
    const run = verify(root, tree.contentId, ["--peer", "p:1", "--piece-length", "100", "--json"], { node: nodeThatKnows(tree.manifest) });
    expect(await run.exitCode).toBe(4);
    expect(run.stdout.events.filter(({ event }) => event !== "hashing")).toMatchObject([
      { event: "difference", difference: "pieces", first: 0, last: 0, paths: ["a"] },
      { event: "error", code: "CONTENT_CHANGED" },
    ]);
  });
});

test("nobody can tell: the error says what is known", async () => {
  const node = new FakeNode();
  node.onFetchManifest = () => Promise.reject(createError("NO_PEERS", "no peer could be reached"));
  const { contentId } = await contentOf("tree");
  const run = verify(path("tree"), tree.contentId, ["--peer", "p:1"], { node });
  expect(await run.exitCode).toBe(8);
  expect(run.stderr.text.split("\n").at(-2)).toBe(
    `peer: "${path("tree")}" in pieces of 256 KiB is ${contentId}, and what the other id stands for nobody can tell: no peer could be reached`,
  );
});

test.each([
  ["film.mkv", 2, "INVALID_ARGUMENT"],
  ["sha256:abababab", 2, "INVALID_ARGUMENT"],
  ["piecewise:sha256:ab", 2, "LINK_INVALID"],
])("%j is no whole content id", async (what, exitCode, code) => {
  const run = verify(path("tree"), what, ["--json"]);
  expect(await run.exitCode).toBe(exitCode);
  expect(run.stdout.events).toMatchObject([{ event: "error", code }]);
});
