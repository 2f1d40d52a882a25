import { describe, expect, test } from "vitest";
import { FakeNode, testId, testListing } from "../testing/fake-node.js";
import { runMain } from "../testing/run-main.js";

describe("peer list", () => {
  test("a table, with names safe for a terminal", async () => {
    const node = new FakeNode();
    node.listings = [
      testListing(),
      testListing({ contentId: testId(2), names: ["một phim\u001b[2J", "b", "c", "d"], totalBytes: 0, seedCount: 10, leecherCount: 0 }),
    ];
    const run = runMain(["list"], { node });
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toBe(
      [
        "ID                   SIZE      PIECES OF  PEERS  SEEDS  NAME",
        "sha256:abababababab  2.86 MiB  256 KiB    3      2      film.mkv",
        String.raw`sha256:020202020202  0 B       256 KiB    10     10     một phim\u{1b}[2J, b, c and 1 more`,
        "",
      ].join("\n"),
    );
    expect(node.options).toMatchObject({ trackers: ["127.0.0.1:50051"], listen: "127.0.0.1:0" });
  });

  test("a filter goes to the trackers; nothing found is said on stderr", async () => {
    const run = runMain(["list", "song", "--tracker", "t:1"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toBe("");
    expect(run.stderr.text).toBe('the trackers know nothing with "song" in its name\n');
    expect(run.node.calls).toEqual(["start", "list song", "close 5000"]);
    expect(run.node.options).toMatchObject({ trackers: ["t:1"] });
  });

  test("--json: one event for each content", async () => {
    const run = runMain(["list", "--json"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.events).toEqual([
      {
        event: "content",
        contentId: testId(0xab),
        names: ["film.mkv"],
        bytes: 3_000_000,
        pieceLength: 262_144,
        entries: 1,
        seeds: 2,
        leechers: 1,
      },
    ]);
  });
});
