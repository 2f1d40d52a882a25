import { createError } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { FakeNode, testId, untilCancelled } from "../testing/fake-node.js";
import { runMain } from "../testing/run-main.js";

const link = (name: string) => `piecewise:${testId(1)}?name=${name}&peer=127.0.0.1:4001`;

describe("peer share", () => {
  test("says what it shares and how to fetch it, and serves until it is stopped", async () => {
    const run = runMain(["share", "dir/film.mkv"]);
    await run.stdout.waitFor("serving");
    run.stop.request();
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toBe(
      [
        'shared "film.mkv": 100 B, 2 x 64 B',
        `  content id: ${testId(1)}`,
        `  link: '${link("film.mkv")}'`,
        `  to fetch it: peer download '${link("film.mkv")}'`,
        "serving on 127.0.0.1:4001 until Ctrl-C",
        "",
      ].join("\n"),
    );
    expect(run.stderr.text).toBe("hashing dir/film.mkv  50%  50 B of 100 B\n");
    expect(run.node.calls).toEqual(["start", "share dir/film.mkv", "close 5000"]);
    expect(run.node.options).toMatchObject({ trackers: ["127.0.0.1:50051"] });
    expect(run.node.options!.listen).toBeUndefined();
  });

  test("--json: events and nothing else", async () => {
    const run = runMain(["share", "a", "b", "--json"]);
    await run.stdout.waitFor("serving");
    run.stop.request();
    expect(await run.exitCode).toBe(0);
    const shared = { event: "shared", contentId: testId(1), bytes: 100, pieceLength: 64, pieces: 2, files: 1, skipped: [] };
    expect(run.stdout.events).toEqual([
      { event: "hashing", path: "a", doneBytes: 50, totalBytes: 100 },
      { ...shared, name: "a", link: link("a") },
      { event: "hashing", path: "b", doneBytes: 50, totalBytes: 100 },
      { ...shared, name: "b", link: link("b") },
      { event: "serving", address: "127.0.0.1:4001", publicAddress: "127.0.0.1:4001" },
    ]);
    expect(run.stderr.text).toBe("");
  });

  test("flags reach the node", async () => {
    const flags = ["--tracker", "a:1", "--tracker", "b:2", "--listen", "0.0.0.0:7000", "--advertise", "me:7000", "--upload-limit", "20M"];
    const run = runMain(["share", ...flags, "--name", "Film", "--piece-length", "1M", "--", "--odd"]);
    await run.stdout.waitFor("serving");
    run.stop.request();
    expect(await run.exitCode).toBe(0);
    expect(run.node.options).toMatchObject({
      trackers: ["a:1", "b:2"],
      listen: "0.0.0.0:7000",
      advertise: "me:7000",
      uploadBytesPerSecond: 20_971_520,
    });
    expect(run.node.shareOptions).toMatchObject({ name: "Film", pieceLength: 1_048_576 });
    expect(run.node.calls).toContain("share --odd");
  });

  test("what was left out is told on stderr, not all of a long list, and safe for a terminal", async () => {
    const node = new FakeNode();
    node.skipped = Array.from({ length: 12 }, (_, index) => `link${index}\u001b[2J`);
    const run = runMain(["share", "tree"], { node });
    await run.stdout.waitFor("serving");
    run.stop.request();
    await run.exitCode;
    expect(run.stderr.text).toContain(String.raw`link9\u{1b}[2J and 2 more`);
    expect(run.stderr.text).not.toContain("link10");
    expect(run.stderr.text).not.toContain("\u001b");
  });

  test("to be stopped while it hashes is no error", async () => {
    const node = new FakeNode();
    node.onShare = (options) => untilCancelled(options.signal);
    const run = runMain(["share", "big"], { node });
    run.stop.request();
    expect(await run.exitCode).toBe(0);
    expect(run.stderr.text).toBe("");
    expect(node.calls.at(-1)).toBe("close 5000");
  });

  test("--name is for one path", async () => {
    const run = runMain(["share", "a", "b", "--name", "x"]);
    expect(await run.exitCode).toBe(2);
    expect(run.stderr.text).toMatch(/^peer: --name is for one PATH, and 2 are given: .*\n$/);
    expect(run.node.calls).toEqual([]);
  });

  test("an error ends it, and the peer is closed", async () => {
    const node = new FakeNode();
    node.onShare = async () => Promise.reject(createError("TRACKER_UNREACHABLE", "tracker h:1 cannot be reached: refused; is it running?"));
    const run = runMain(["share", "a", "--json"], { node });
    expect(await run.exitCode).toBe(3);
    expect(run.stdout.events).toEqual([
      { event: "error", code: "TRACKER_UNREACHABLE", message: "tracker h:1 cannot be reached: refused; is it running?" },
    ]);
    expect(run.stderr.text).toBe("peer: tracker h:1 cannot be reached: refused; is it running?\n");
    expect(node.calls.at(-1)).toBe("close 5000");
  });
});
