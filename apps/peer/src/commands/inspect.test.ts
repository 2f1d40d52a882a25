import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createError } from "@piecewise/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeNode, testId, testListing, testManifest, untilCancelled } from "../testing/fake-node.js";
import { runMain, type RunOptions } from "../testing/run-main.js";

const id = testId(0xab);
const inspect = (args: readonly string[], options?: RunOptions) => runMain(["inspect", ...args], options);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "piecewise-inspect-"));
  await mkdir(join(folder, "tree/empty"), { recursive: true });
  await writeFile(join(folder, "tree/a"), "x".repeat(1_500));
  await writeFile(join(folder, "tree/b"), "y".repeat(600), { mode: 0o755 });
  await writeFile(join(folder, "tree/nothing"), "");
  await symlink("a", join(folder, "tree/link"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a content", () => {
  test("is described by one of its peers", async () => {
    const run = inspect(["film.mkv", "--tracker", "t:1"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toBe(
      [
        "name: film.mkv",
        `content id: ${id}`,
        `link: 'piecewise:${id}?name=film.mkv&tracker=t:1'`,
        "size: 100 B",
        "pieces: 2 x 64 B",
        "files: 1",
        "",
        "SIZE   PIECES  PATH",
        "100 B  0-1     film.mkv",
        "",
      ].join("\n"),
    );
    expect(run.stderr.text).toBe("");
    expect(run.node.calls).toEqual(["start", "find film.mkv", `manifest ${id}`, "close 5000"]);
    expect(run.node.options).toMatchObject({ trackers: ["t:1"], listen: "127.0.0.1:0" });
  });

  test("--json", async () => {
    const node = new FakeNode();
    node.manifest = testManifest({
      entries: [
        { path: "a/b", kind: "file", bytes: 100, executable: true },
        { path: "c", kind: "directory", bytes: 0, executable: false },
      ],
    });
    const run = inspect([id, "--peer", "p:1", "--json"], { node });
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.events).toEqual([
      { event: "entry", path: "a/b", kind: "file", bytes: 100, executable: true },
      { event: "entry", path: "c", kind: "directory", bytes: 0, executable: false },
      {
        event: "inspected",
        contentId: id,
        name: null,
        link: `piecewise:${id}?peer=p:1`,
        bytes: 100,
        pieceLength: 64,
        pieces: 2,
        files: 1,
        skipped: [],
      },
    ]);
  });

  test("a link is no path, and names where to ask", async () => {
    const run = inspect([`piecewise:${id}?name=a%20film&tracker=t:1&peer=p:1`]);
    expect(await run.exitCode).toBe(0);
    expect(run.node.target).toEqual({ contentId: id, name: "a film", peers: ["p:1"] });
    expect(run.stdout.text).toContain(`link: 'piecewise:${id}?name=a%20film&tracker=t:1&peer=p:1'\n`);
  });

  test("a name that a tracker made up does not spoil the link", async () => {
    const node = new FakeNode();
    node.listings = [testListing({ names: ["../evil\u001b[2J"] })];
    const run = inspect([id], { node });
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toContain(`link: 'piecewise:${id}?tracker=127.0.0.1:50051'\n`);
    expect(run.stdout.text).not.toContain("\u001b");
  });

  test("nobody in time", async () => {
    const node = new FakeNode();
    node.onFetchManifest = (options) => Promise.reject(createError("NO_PEERS", `no peer in ${options.sourceTimeoutMs} ms`));
    const run = inspect(["film.mkv", "--timeout", "2"], { node });
    expect(await run.exitCode).toBe(8);
    expect(run.stderr.text).toBe("peer: no peer in 2000 ms\n");
  });

  test("interrupted", async () => {
    const node = new FakeNode();
    node.onFetchManifest = (options) => untilCancelled(options.signal);
    const run = inspect(["film.mkv"], { node });
    run.stop.request();
    expect(await run.exitCode).toBe(130);
    expect(run.stderr.text).toBe("peer: interrupted before the description was there\n");
    expect(node.calls.at(-1)).toBe("close 5000");
  });
});

describe("a path", () => {
  test("is hashed, without any peer", async () => {
    const run = inspect([`${folder}/tree`, "--piece-length", "1K", "--tracker", "t:1"]);
    expect(await run.exitCode).toBe(0);
    const lines = run.stdout.text.split("\n");
    expect(lines[0]).toBe("name: tree");
    expect(lines[1]).toMatch(/^content id: sha256:[0-9a-f]{64}$/);
    expect(lines[2]).toMatch(/^link: 'piecewise:sha256:[0-9a-f]{64}\?name=tree&tracker=t:1'$/);
    expect(lines.slice(3)).toEqual([
      "size: 2.05 KiB (2100 B)",
      "pieces: 3 x 1 KiB (1024 B)",
      "files: 3",
      "",
      "SIZE      PIECES  PATH",
      "1.46 KiB  0-1     a",
      "600 B     1-2     b",
      "-         -       empty/",
      "0 B       -       nothing",
      "",
    ]);
    expect(run.stderr.text).toContain("not shared, for they are neither files nor directories: link\n");
    expect(run.node.calls).toEqual([]);
  });

  test("may go by a name that no content has", async () => {
    const cwd = process.cwd();
    process.chdir(folder);
    try {
      const unknown = inspect(["tree"]);
      expect(await unknown.exitCode).toBe(0);
      expect(unknown.stdout.text).toContain("files: 3\n");
      expect(unknown.node.calls).toEqual(["start", "find tree", "close 5000"]);

      const known = new FakeNode();
      known.listings = [testListing({ names: ["tree"] })];
      expect(await inspect(["tree"], { node: known }).exitCode).toBe(0);
      expect(known.calls).toContain(`manifest ${id}`);

      const offline = new FakeNode();
      offline.onAsk = () => Promise.reject(createError("TRACKER_UNREACHABLE", "tracker h:1 cannot be reached"));
      const alone = inspect(["tree"], { node: offline });
      expect(await alone.exitCode).toBe(0);
      expect(alone.stderr.text).toContain('taking "tree" for a path: tracker h:1 cannot be reached\n');

      const untracked = inspect(["tree", "--peer", "p:1"]);
      expect(await untracked.exitCode).toBe(0);
      expect(untracked.stdout.text).toContain("files: 3\n");

      const dot = inspect(["."]);
      expect(await dot.exitCode).toBe(0);
      expect(dot.node.calls).toEqual([]);
    } finally {
      process.chdir(cwd);
    }
  });

  test.each([
    ["./nothing/here", 5, "PATH_NOT_FOUND"],
    ["nothing-here", 6, "CONTENT_NOT_FOUND"],
    ["", 2, "INVALID_ARGUMENT"],
  ])("%j ends with %i", async (text, exitCode, code) => {
    const run = inspect([text, "--json"]);
    expect(await run.exitCode).toBe(exitCode);
    expect(run.stdout.events).toMatchObject([{ event: "error", code }]);
  });
});
