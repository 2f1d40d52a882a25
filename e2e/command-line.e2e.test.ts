import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type JsonEvent, type RunningProcess, runPeer, type RunningTracker, startPeer, startTracker } from "./processes.js";
import { openTempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

const MIB = 1_048_576;
const DEFAULT_TRACKER = { host: "127.0.0.1", port: 50_051 };
const NOBODY = "127.0.0.1:9";
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const own = Object.values(networkInterfaces()).flat();
/** An address of this machine at which others reach it, if it has one. */
const outside = own.find((address) => address !== undefined && !address.internal && address.family === "IPv4")?.address;
const hasIpv6 = own.some((address) => address?.address === "::1");

const portOf = (address: unknown): number => Number(String(address).split(":").at(-1));

async function startSharing(path: string, flags: readonly string[]): Promise<RunningProcess> {
  const seeder = startPeer(["share", path, "--json", ...flags]);
  await seeder.waitForEvent("serving");
  return seeder;
}

async function run(...args: readonly string[]): Promise<RunningProcess> {
  const peer = await runPeer(args);
  expect(peer.exitCode, peer.transcript()).toBe(0);
  return peer;
}

/** A port that nobody listened on a moment ago. */
async function unusedPort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("help", () => {
  test("peer --help names every command, what can be set, and examples", async () => {
    const { stdout, stderr } = await run("--help");
    const text = stdout.join("\n");
    for (const part of ["Usage: peer", "  share ", "  download ", "  list ", "PIECEWISE_UPLOAD_LIMIT", "127.0.0.1:50051", "Examples:\n  peer share"]) {
      expect(text).toContain(part);
    }
    expect(stderr).toEqual([]);
  });

  test("every command has a help of its own, with a variable for each flag, and examples that begin with it", async () => {
    const root = (await run("--help")).stdout;
    const commands = root.slice(root.indexOf("Commands:") + 1, root.indexOf("", root.indexOf("Commands:"))).flatMap((line) => /^ {2}([a-z]+)/.exec(line)?.[1] ?? []);
    expect(commands).toEqual(expect.arrayContaining(["share", "download", "list"]));
    for (const command of commands.filter((name) => name !== "help")) {
      const { stdout } = await run(command, "--help");
      const text = stdout.join("\n");
      expect(text).toMatch(new RegExp(`^Usage: peer ${command} `));
      for (const [, flag] of text.matchAll(/^ {2}--([a-z-]+)/gm)) expect(text).toContain(`[PIECEWISE_${flag!.toUpperCase().replaceAll("-", "_")}]`);
      expect(text.slice(text.indexOf("Examples:"))).toMatch(new RegExp(`^Examples:\\n  .*peer ${command}\\b`));
    }
  });

  test("--version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}apps/peer/package.json`, "utf8")) as { version: string };
    expect((await run("--version")).stdout).toEqual([version]);
  });
});

const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
/** Its fields with their kinds. */
const shapeOf = (event: object): object => Object.fromEntries(Object.entries(event).map(([field, value]) => [field, kindOf(value)]));

describe("--json", () => {
  /** The shape of each event as docs/CLI.md shows it. */
  const documented = new Map<string, object>();
  const expectDocumented = (events: readonly JsonEvent[]): void => {
    for (const event of events) {
      // While there is no honest estimate there is none.
      const shown = event["etaMs"] === null ? { ...event, etaMs: 0 } : event;
      expect(shapeOf(shown)).toEqual(documented.get(event.event));
    }
  };

  beforeAll(() => {
    for (const [line] of readFileSync(`${ROOT}docs/CLI.md`, "utf8").matchAll(/^\{"event":.*\}$/gm)) {
      const event = JSON.parse(line) as JsonEvent;
      documented.set(event.event, shapeOf(event));
    }
  });

  test("of share, download and list: only events on stdout, of the documented shapes, in the documented order", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 4 * MIB + 1);
    await writeTestFile(folder.join("song.bin"), MIB, "song");
    await using seeder = startPeer(["share", folder.join("film.bin"), folder.join("song.bin"), "--tracker", tracker.address, "--json", "--upload-limit", "4M"]);
    await seeder.waitForEvent("serving");
    const shareEvents = seeder.events;
    expect(shareEvents).toHaveLength(seeder.stdout.length);
    expectDocumented(shareEvents);
    const order = shareEvents.map(({ event }) => event).filter((event, index, all) => event !== all[index - 1]);
    expect(order).toEqual(["hashing", "shared", "hashing", "shared", "serving"]);
    const hashed = shareEvents.findLast(({ event, path }) => event === "hashing" && path === folder.join("film.bin"));
    expect(hashed).toMatchObject({ doneBytes: 4 * MIB + 1, totalBytes: 4 * MIB + 1 });
    const shared = shareEvents.find(({ event }) => event === "shared")!;
    expect(shared).toMatchObject({ name: "film.bin", bytes: 4 * MIB + 1, pieceLength: 262_144, pieces: 17, files: 1, skipped: [] });

    const listed = await run("list", "--tracker", tracker.address, "--json");
    expect(listed.events).toHaveLength(listed.stdout.length);
    expectDocumented(listed.events);
    const { contentId, bytes, pieceLength } = shared;
    expect(listed.events).toHaveLength(2);
    expect(listed.events).toContainEqual({ event: "content", contentId, names: ["film.bin"], bytes, pieceLength, entries: 1, seeds: 1, leechers: 0 });

    const download = await run("download", "film.bin", "--tracker", tracker.address, "--output", folder.join("copy"), "--json");
    expect(download.events).toHaveLength(download.stdout.length);
    expectDocumented(download.events);
    const progress = download.events.slice(0, -1);
    expect(new Set(progress.map(({ event }) => event))).toEqual(new Set(["progress"]));
    expect(progress.at(-1)).toMatchObject({ verifiedBytes: 4 * MIB + 1, totalBytes: 4 * MIB + 1, receivedBytes: 4 * MIB + 1, resumedBytes: 0 });
    const verified = progress.map(({ verifiedBytes }) => Number(verifiedBytes));
    expect(verified).toEqual(verified.toSorted((a, b) => a - b));
    const address = seeder.events.at(-1)!["address"];
    expect(download.events.at(-1)).toEqual({
      event: "finished",
      contentId,
      path: folder.join("copy"),
      bytes,
      receivedBytes: bytes,
      resumedBytes: 0,
      peers: [{ address, bytes, pieces: 17 }],
    });
    expect((await seeder.stop()).code).toBe(0);
  });

  test("an error is the last event, and one line on stderr", async () => {
    const peer = await runPeer(["list", "--tracker", NOBODY, "--json"]);
    expect(peer.exitCode).toBe(3);
    expect(peer.events).toEqual([{ event: "error", code: "TRACKER_UNREACHABLE", message: expect.stringContaining(NOBODY) }]);
    expectDocumented(peer.events);
    expect(peer.stderr).toHaveLength(1);
  });
});

describe("where a peer asks", () => {
  test("PIECEWISE_TRACKER names trackers, with commas between; a flag wins over it", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using seeder = startPeer(["share", folder.join("file.bin"), "--json"], { env: { PIECEWISE_TRACKER: `${NOBODY}, ${tracker.address}` } });
    const shared = await seeder.waitForEvent("shared");
    expect(shared["link"]).toContain(`tracker=${NOBODY}&tracker=${tracker.address}`);
    const listed = await runPeer(["list", "--json"], { env: { PIECEWISE_TRACKER: tracker.address } });
    expect(listed.events).toMatchObject([{ event: "content", names: ["file.bin"] }]);
    const asked = await runPeer(["list", "--tracker", NOBODY], { env: { PIECEWISE_TRACKER: tracker.address } });
    expect(asked.exitCode).toBe(3);
  });

  test("the default tracker is asked if nothing else names a source", async ({ skip }) => {
    const tracker = await startDefaultTracker();
    skip(tracker === undefined, "port 50051 is in use");
    await using _ = tracker!;
    await using folder = await openTempFolder();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using seeder = await startSharing(folder.join("file.bin"), []);
    const link = String(seeder.events.find(({ event }) => event === "shared")!["link"]);
    expect(link).toContain("tracker=127.0.0.1:50051");
    expect((await run("list", "--json")).events).toMatchObject([{ names: ["file.bin"] }]);
    await run("download", "file.bin", "--output", folder.join("copy"));
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("file.bin")));
  });

  test("a link, or --peer, is source enough", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using seeder = await startSharing(folder.join("file.bin"), ["--tracker", tracker.address]);
    const [shared, serving] = seeder.events.slice(-2) as [JsonEvent, JsonEvent];
    const byPeer = ["--peer", String(serving["address"]), "--listen", "127.0.0.1:0"];
    // Nobody is at the default tracker, or somebody who does not know the content: it is not asked.
    const byId = await run("download", String(shared["contentId"]), ...byPeer, "--output", folder.join("by-id"));
    const byLink = await run("download", String(shared["link"]), "--output", folder.join("by-link"));
    expect(byId.stderr.join("\n") + byLink.stderr.join("\n")).not.toContain("50051");
    await tracker.process.stop();
    await run("download", String(shared["link"]), "--output", folder.join("without-its-tracker"));
    expect(await hashFile(folder.join("without-its-tracker"))).toBe(await hashFile(folder.join("file.bin")));
  });
});

describe("where a peer listens", () => {
  test("on loopback while its trackers are there", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using seeder = startPeer(["share", folder.join("file.bin"), "--tracker", tracker.address]);
    await seeder.waitForLine(/^serving on 127\.0\.0\.1:\d+ until Ctrl-C$/);
    expect(seeder.stderr.join("\n")).not.toContain("all interfaces");
  });

  test("on all interfaces without a tracker, and says so, unless it is told where", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using seeder = await startSharing(folder.join("file.bin"), ["--tracker", tracker.address]);
    const [shared, serving] = seeder.events.slice(-2) as [JsonEvent, JsonEvent];
    const args = ["download", String(shared["contentId"]), "--peer", String(serving["address"])];
    const open = await run(...args, "--output", folder.join("first"));
    expect(open.stderr[0]).toMatch(/^listening on all interfaces \(0\.0\.0\.0:[1-9]\d*\), as no tracker is named; --listen 127\.0\.0\.1:0 keeps it on this machine$/);
    const kept = await run(...args, "--listen", "127.0.0.1:0", "--output", folder.join("second"));
    expect(kept.stderr.join("\n")).not.toContain("all interfaces");
  });

  test.skipIf(outside === undefined)("on all interfaces if a tracker is elsewhere; others are told the address that it sees", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker(["--listen", "0.0.0.0:0"]);
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using seeder = await startSharing(folder.join("file.bin"), ["--tracker", `${outside}:${portOf(tracker.address)}`]);
    const [shared, serving] = seeder.events.slice(-2) as [JsonEvent, JsonEvent];
    const port = portOf(serving["address"]);
    expect(serving).toMatchObject({ address: `0.0.0.0:${port}`, publicAddress: `${outside}:${port}` });
    expect(shared["link"]).toContain(`peer=${outside}:${port}`);
    const download = await run("download", String(shared["link"]), "--output", folder.join("copy"), "--json");
    expect(download.events.at(-1)).toMatchObject({ peers: [{ address: `${outside}:${port}` }] });
  });

  test.skipIf(!hasIpv6)("where --listen says, and tells what --advertise says", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    // The tracker is called from 127.0.0.1, and finds it here.
    const here = `[::1]:${await unusedPort("::1")}`;
    await using seeder = await startSharing(folder.join("file.bin"), ["--tracker", tracker.address, "--listen", here, "--advertise", here]);
    const [shared, serving] = seeder.events.slice(-2) as [JsonEvent, JsonEvent];
    expect(serving).toMatchObject({ address: here, publicAddress: here });
    expect(decodeURIComponent(String(shared["link"]))).toContain(`peer=${here}`);
    const direct = ["--peer", String(serving["address"]), "--listen", "[::1]:0"];
    await run("download", String(shared["contentId"]), ...direct, "--output", folder.join("copy"));
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("file.bin")));
  });
});

describe("what a download takes", () => {
  test.each<[what: string, flags: readonly string[], env: Record<string, string>, count: number]>([
    ["one peer with --max-peers 1", ["--max-peers", "1"], {}, 1],
    ["one peer with PIECEWISE_MAX_PEERS=1", [], { PIECEWISE_MAX_PEERS: "1" }, 1],
    ["all peers otherwise", [], {}, 2],
  ])("%s", async (_, flags, env, count) => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const seeders: RunningProcess[] = [];
    for (const copy of ["1", "2"]) {
      await writeTestFile(folder.join(copy, "film.bin"), 8 * MIB);
      seeders.push(await startSharing(folder.join(copy, "film.bin"), ["--tracker", tracker.address, "--upload-limit", "8M"]));
    }
    const args = ["download", "film.bin", "--tracker", tracker.address, "--output", folder.join("copy"), "--json", ...flags];
    const download = await runPeer(args, { env });
    await Promise.all(seeders.map((seeder) => seeder.stop()));
    expect(download.exitCode, download.transcript()).toBe(0);
    expect(download.events.at(-1)!["peers"]).toHaveLength(count);
    const connected = download.events.map((event) => Number(event["connectedPeers"] ?? 0));
    expect(Math.max(...connected)).toBe(count);
  });

  test.each<[what: string, sharing: readonly string[], downloading: readonly string[]]>([
    ["--upload-limit", ["--upload-limit", "2M"], []],
    ["--download-limit", [], ["--download-limit", "2M"]],
  ])("no more than %s allows", async (_, sharing, downloading) => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 4 * MIB);
    await using seeder = await startSharing(folder.join("film.bin"), ["--tracker", tracker.address, ...sharing]);
    const { events } = await run("download", "film.bin", "--tracker", tracker.address, "--output", folder.join("copy"), "--json", ...downloading);
    const rates = events.filter(({ phase }) => phase === "downloading").map(({ bytesPerSecond }) => Number(bytesPerSecond));
    // What may come at once at the beginning is more than the limit says for the first moments.
    expect(rates.at(-1)).toBeLessThan(3 * MIB);
    expect(rates.at(-1)).toBeGreaterThan(0.5 * MIB);
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("film.bin")));
    await seeder.stop();
  });

  test("an existing directory as --output means inside it, under the name", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 1_000);
    await using seeder = await startSharing(folder.join("film.bin"), ["--tracker", tracker.address, "--name", "Kỳ nghỉ 2026 🌴.bin"]);
    await mkdir(folder.join("into"));
    const { stdout } = await run("download", "Kỳ nghỉ 2026 🌴.bin", "--tracker", tracker.address, "--output", folder.join("into"));
    expect(stdout[0]).toBe(`saved: ${folder.join("into", "Kỳ nghỉ 2026 🌴.bin")}`);
    expect(await hashFile(folder.join("into", "Kỳ nghỉ 2026 🌴.bin"))).toBe(await hashFile(folder.join("film.bin")));
    await seeder.stop();
  });
});

/** A tracker at the default address, if nobody is there already. */
async function startDefaultTracker(): Promise<RunningTracker | undefined> {
  const probe = createServer().listen(DEFAULT_TRACKER);
  try {
    await once(probe, "listening");
  } catch {
    return undefined;
  }
  probe.close();
  await once(probe, "close");
  return startTracker(["--listen", `${DEFAULT_TRACKER.host}:${DEFAULT_TRACKER.port}`]);
}
