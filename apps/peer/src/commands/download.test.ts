import { createError } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { FakeNode, testId, testListing, testProgress, untilCancelled } from "../testing/fake-node.js";
import { runMain, type RunOptions } from "../testing/run-main.js";

const id = testId(0xab);
const download = (args: readonly string[], options?: RunOptions) => runMain(["download", ...args], options);
const unreachable = () => Promise.reject(createError("TRACKER_UNREACHABLE", "tracker h:1 cannot be reached"));

describe("peer download", () => {
  test("says where it is and who gave what, and lets those that it serves finish", async () => {
    const run = download(["film.mkv"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toBe(
      [
        "saved: /tmp/film.mkv",
        "  100 B, every byte verified; 90 B received, 10 B there before",
        "  from 127.0.0.1:4002: 100 B, pieces: 2",
        "",
      ].join("\n"),
    );
    expect(run.stderr.text).toBe("downloading  50%  1.5 MiB of 3 MiB  1 MiB/s  ETA 2s  2 peers\n");
    expect(run.node.calls).toEqual(["start", "find film.mkv", `download ${id}`, "close 5000"]);
    expect(run.node.target).toEqual({ contentId: id, name: "film.mkv", peers: [] });
  });

  test("--json: progress, and last what it came to", async () => {
    const run = download(["film.mkv", "--json"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.events).toEqual([
      {
        event: "progress",
        phase: "downloading",
        verifiedBytes: 1_572_864,
        totalBytes: 3_145_728,
        receivedBytes: 1_600_000,
        resumedBytes: 0,
        bytesPerSecond: 1_048_576,
        etaMs: 1_500,
        connectedPeers: 2,
      },
      {
        event: "finished",
        contentId: id,
        path: "/tmp/film.mkv",
        bytes: 100,
        receivedBytes: 90,
        resumedBytes: 10,
        peers: [{ address: "127.0.0.1:4002", bytes: 100, pieces: 2 }],
      },
    ]);
    expect(run.stderr.text).toBe("");
  });

  test("flags reach the node", async () => {
    const limits = ["--upload-limit", "1M", "--download-limit", "2M", "--max-peers", "1", "--timeout", "0", "--record", "log"];
    const run = download(["film.mkv", "--tracker", "t:1", "--peer", "p:1", "--peer", "p:2", "--output", "out", "--force", ...limits]);
    expect(await run.exitCode).toBe(0);
    expect(run.node.options).toMatchObject({ trackers: ["t:1"], uploadBytesPerSecond: 1_048_576, downloadBytesPerSecond: 2_097_152 });
    expect(run.node.target).toMatchObject({ peers: ["p:1", "p:2"] });
    expect(run.node.downloadOptions).toMatchObject({ output: "out", force: true, peersMax: 1, sourceTimeoutMs: 0, recordPath: "log" });
  });

  test("variables stand in for flags", async () => {
    const run = download(["film.mkv"], { env: { PIECEWISE_TRACKER: "t:1,t:2", PIECEWISE_MAX_PEERS: "3", PIECEWISE_OUTPUT: "there" } });
    expect(await run.exitCode).toBe(0);
    expect(run.node.options).toMatchObject({ trackers: ["t:1", "t:2"] });
    expect(run.node.downloadOptions).toMatchObject({ peersMax: 3, output: "there" });
  });

  test("--seed goes on serving until it is stopped", async () => {
    const run = download(["film.mkv", "--seed"]);
    await run.stdout.waitFor("serving on 127.0.0.1:4001");
    expect(run.node.calls).not.toContain("close 5000");
    run.stop.request();
    expect(await run.exitCode).toBe(0);
    expect(run.node.calls.at(-1)).toBe("close 5000");
  });

  test("a link holds all that is needed", async () => {
    const run = download([`piecewise:${id}?name=a%20film&tracker=t:1&peer=p:1`, "--peer", "p:2"]);
    expect(await run.exitCode).toBe(0);
    expect(run.node.options).toMatchObject({ trackers: ["t:1"] });
    expect(run.node.calls).not.toContain(`find ${id}`);
    expect(run.node.target).toEqual({ contentId: id, name: "a film", peers: ["p:2", "p:1"] });
  });

  test("a content id and a peer need no tracker, and all interfaces are told of", async () => {
    const run = download([id, "--peer", "p:1"]);
    expect(await run.exitCode).toBe(0);
    expect(run.node.options).toMatchObject({ trackers: [] });
    expect(run.node.target).toEqual({ contentId: id, name: undefined, peers: ["p:1"] });
    expect(run.stderr.text).toMatch(/^listening on all interfaces \(127\.0\.0\.1:4001\), as no tracker is named;/);
    const quiet = download([id, "--peer", "p:1", "--listen", "127.0.0.1:0"]);
    await quiet.exitCode;
    expect(quiet.stderr.text).not.toContain("all interfaces");
  });

  test("a content id learns its name from a tracker, and does without one", async () => {
    const known = download([id]);
    expect(await known.exitCode).toBe(0);
    expect(known.node.target).toMatchObject({ name: "film.mkv" });

    const unknown = download([testId(1)]);
    expect(await unknown.exitCode).toBe(0);
    expect(unknown.node.target).toMatchObject({ contentId: testId(1), name: undefined });
    expect(unknown.stderr.text).toContain("no tracker knows a peer that has this content; waiting for one");

    const node = new FakeNode();
    node.onAsk = unreachable;
    const withPeer = download([id, "--tracker", "h:1", "--peer", "p:1"], { node });
    expect(await withPeer.exitCode).toBe(0);
    expect(withPeer.stderr.text).toContain("going on without a tracker: tracker h:1 cannot be reached");
    expect(await download([id, "--tracker", "h:1"], { node }).exitCode).toBe(3);
  });

  test.each([
    ["film.mkv", "a name"],
    ["sha256:abababab", "the beginning of a content id"],
  ])("%s with --peer alone: only a tracker can look it up", async (what, which) => {
    const run = download([what, "--peer", "p:1"]);
    expect(await run.exitCode).toBe(2);
    expect(run.stderr.text).toContain(`only a tracker can look up ${which}`);
    expect(run.node.calls).toEqual([]);
  });

  test("the beginning of an id", async () => {
    const run = download(["sha256:abababab"]);
    expect(await run.exitCode).toBe(0);
    expect(run.node.target).toMatchObject({ contentId: id, name: "film.mkv" });
    const missing = download(["sha256:00000000"]);
    expect(await missing.exitCode).toBe(6);
    expect(missing.stderr.text).toContain('no content whose id begins with "sha256:00000000"');
  });

  test("an unknown name: what is called nearly so", async () => {
    const node = new FakeNode();
    node.listings = ["film-2.mkv", "film-3.mkv", "fish"].map((name, index) => testListing({ contentId: testId(index), names: [name] }));
    const run = download(["film-1.mkv", "--json"], { node });
    expect(await run.exitCode).toBe(6);
    const message = 'the trackers know nothing called "film-1.mkv", but they know "film-2.mkv", "film-3.mkv"; "peer list" shows everything';
    expect(run.stdout.events).toEqual([{ event: "error", code: "CONTENT_NOT_FOUND", message }]);
    expect(run.stderr.text).toBe(`peer: ${message}\n`);
    expect(node.calls).toEqual(["start", "find film-1.mkv", "list film-1.mkv", "list film-", "close 5000"]);
  });

  test("a name that became known in between", async () => {
    const node = new FakeNode();
    node.listings = [];
    node.list = async () => [testListing({ names: ["film.mkv"] })];
    const run = download(["film.mkv"], { node });
    expect(await run.exitCode).toBe(6);
    expect(run.stderr.text).toBe('peer: "film.mkv" has been shared only this moment; run the same again\n');
  });

  test("a name of several contents lists them", async () => {
    const node = new FakeNode();
    node.listings = [testListing(), testListing({ contentId: testId(0xcd), totalBytes: 5, pieceLength: 1_024 })];
    const run = download(["film.mkv"], { node });
    expect(await run.exitCode).toBe(7);
    expect(run.stderr.text).toBe(
      [
        "ID                   SIZE      PIECES OF  PEERS  SEEDS  NAME",
        "sha256:abababababab  2.86 MiB  256 KiB    3      2      film.mkv",
        "sha256:cdcdcdcdcdcd  5 B       1 KiB      3      2      film.mkv",
        'peer: "film.mkv" fits 2 contents: give --piece-length if that tells them apart, or the content id of one',
        "",
      ].join("\n"),
    );
    const json = download(["film.mkv", "--json"], { node });
    expect(await json.exitCode).toBe(7);
    expect(json.stdout.events.map((event) => event["contentId"] ?? event["code"])).toEqual([id, testId(0xcd), "NAME_AMBIGUOUS"]);
    expect(json.stderr.text).toMatch(/^peer: "film.mkv" fits 2 contents: .*\n$/);
    const chosen = download(["film.mkv", "--piece-length", "1K"], { node });
    expect(await chosen.exitCode).toBe(0);
    expect(chosen.node.target).toMatchObject({ contentId: testId(0xcd) });
  });

  test("a piece length that nobody offers", async () => {
    const run = download(["film.mkv", "--piece-length", "1M"]);
    expect(await run.exitCode).toBe(6);
    expect(run.stderr.text).toBe(
      'peer: "film.mkv" is not offered with pieces of 1 MiB but of 256 KiB; leave --piece-length out or give that\n',
    );
  });

  test("interrupted: 130, and what was verified is kept", async () => {
    const node = new FakeNode();
    node.onDownload = (options) => {
      options.onProgress?.(testProgress());
      return untilCancelled(options.signal);
    };
    const run = download(["film.mkv"], { node });
    await run.stderr.waitFor("downloading");
    run.stop.request();
    expect(await run.exitCode).toBe(130);
    expect(run.stderr.text).toMatch(/\npeer: interrupted: 1\.5 MiB are verified and kept; the same command resumes\n$/);
    expect(node.calls.at(-1)).toBe("close 5000");
  });

  test("interrupted before there was anything", async () => {
    const node = new FakeNode();
    node.onDownload = (options) => untilCancelled(options.signal);
    const run = download(["film.mkv"], { node });
    run.stop.request();
    expect(await run.exitCode).toBe(130);
    expect(run.stderr.text).toBe("peer: interrupted: nothing was verified yet; the same command resumes\n");
  });

  test.each([
    ["NO_PEERS", 8],
    ["OUTPUT_EXISTS", 2],
    ["MANIFEST_INVALID", 4],
    ["DISK_FULL", 5],
  ] as const)("%s ends with %i", async (code, exitCode) => {
    const node = new FakeNode();
    node.onDownload = () => Promise.reject(createError(code, "this went\nwrong \u001b[2J"));
    const run = download(["film.mkv"], { node });
    expect(await run.exitCode).toBe(exitCode);
    expect(run.stderr.text).toBe(String.raw`peer: this went; wrong \u{1b}[2J` + "\n");
  });

  test("a bug is one line, and a stack only for who asks", async () => {
    const node = new FakeNode();
    node.onDownload = () => Promise.reject(new TypeError("x is not a function"));
    const run = download(["film.mkv"], { node });
    expect(await run.exitCode).toBe(1);
    expect(run.stderr.text).toMatch(/^peer: internal error: x is not a function; .*\n$/);
    const verbose = download(["film.mkv"], { node, env: { PIECEWISE_LOG: "debug" } });
    expect(await verbose.exitCode).toBe(1);
    expect(verbose.stderr.text).toMatch(/\n {4}at /);
  });
});
