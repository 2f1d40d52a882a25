import { spawnSync } from "node:child_process";
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunningProcess, runPeer, startPeer, startTracker, type JsonEvent, type RunningTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { writeTestFile } from "./test-files.js";

const MIB = 1_048_576;
/** Nothing listens there. */
const NOBODY = "127.0.0.1:9";
const UNKNOWN_ID = `sha256:${"0".repeat(64)}`;
const isRoot = userInfo().uid === 0;

let folder: TempFolder;
let tracker: RunningTracker;
let seeder: RunningProcess;
let filmId: string;

beforeAll(async () => {
  folder = await openTempFolder();
  // For the runs of a user who may not do everything.
  await chmod(folder.path, 0o755);
  tracker = await startTracker(["--lease", "600"]);
  await writeTestFile(folder.join("film.bin"), MIB + 1);
  await writeTestFile(folder.join("1", "several"), 1_000, "first");
  await writeTestFile(folder.join("2", "several"), 1_000, "second");
  await writeTestFile(folder.join("orphan.bin"), 1_000, "orphan");
  seeder = startPeer(["share", ...["film.bin", "1/several", "2/several"].map((path) => folder.join(path)), "--tracker", tracker.address, "--json"]);
  filmId = (await seeder.waitForEvent("shared", ({ name }) => name === "film.bin"))["contentId"] as string;
  await seeder.waitForEvent("serving");
  const dying = startPeer(["share", folder.join("orphan.bin"), "--tracker", tracker.address, "--json"]);
  await dying.waitForEvent("serving");
  dying.signal("SIGKILL");
  await dying.exited;
});
afterAll(async () => {
  await seeder.stop();
  await tracker.process.stop();
  await folder[Symbol.asyncDispose]();
});

/** A row of the table in docs/CLI.md. */
interface Situation {
  readonly situation: string;
  readonly exitCode: number;
  readonly reason: string;
}

interface BadInput extends Situation {
  readonly args: () => readonly string[];
  /** A part of the message. */
  readonly says: () => string;
  /** What lies in the working directory before; it is the same afterwards. */
  readonly prepare?: (cwd: string) => Promise<unknown>;
  readonly env?: Readonly<Record<string, string>>;
  /** Run it as a user to whom permissions apply. */
  readonly isUnprivileged?: boolean;
}

const row = (
  situation: string,
  exitCode: number,
  reason: string,
  args: readonly string[] | (() => readonly string[]),
  says: string | (() => string),
  more: Pick<BadInput, "prepare" | "env" | "isUnprivileged"> = {},
): BadInput => ({
  situation,
  exitCode,
  reason,
  args: typeof args === "function" ? args : () => args,
  says: typeof says === "function" ? says : () => says,
  ...more,
});

const withFile = (name: string, text: string) => ({ prepare: (cwd: string) => writeFile(join(cwd, name), text) });
const FLAG = "a flag, a variable or an operand is unknown, missing, or not of its kind";
const PIECE_LENGTH = "the piece length is 0, too small for the size, or too large";
const LOOKUP_WITHOUT_TRACKER = "a name, or the beginning of an id, without a tracker";
const NOT_WRITABLE = "the output's place cannot be written";
const UNREACHABLE = "no tracker can be reached";
const NO_PEERS = "no peer that has it is found in time";

const ROWS: readonly BadInput[] = [
  row(FLAG, 2, "INVALID_ARGUMENT", ["download", "film.bin", "--sed"], "unknown option '--sed'; (Did you mean --seed?)"),
  row(FLAG, 2, "INVALID_ARGUMENT", ["sing"], 'there is no command "sing"'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["download"], "missing required argument 'WHAT'"),
  row(FLAG, 2, "INVALID_ARGUMENT", ["share", "a", "b", "--name", "x"], "--name is for one PATH, and 2 are given"),
  row(FLAG, 2, "INVALID_ARGUMENT", ["share", "a", "--upload-limit", "fast"], '--upload-limit "fast" is not a size'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["download", "x", "--download-limit", "0"], '--download-limit "0" would never finish'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["download", "x", "--max-peers", "-1"], '--max-peers "-1" is not a whole number'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["download", "x", "--timeout", "soon"], '--timeout "soon" is not a number of seconds'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["list", "--tracker", "nowhere"], '--tracker "nowhere" is not HOST:PORT'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["list", "--tracker", "h:70000"], '--tracker "h:70000" is not HOST:PORT'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["list", "--tracker", "h:0"], '--tracker "h:0" needs a port'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["list"], 'PIECEWISE_LOG "loud" is not one of', { env: { PIECEWISE_LOG: "loud" } }),
  row(FLAG, 2, "INVALID_ARGUMENT", ["list", ...trackersOf(17)], "17 trackers are named"),
  row(FLAG, 2, "INVALID_ARGUMENT", ["download", ""], "the name is empty"),
  row(FLAG, 2, "INVALID_ARGUMENT", ["download", "sha256:xyz"], '"sha256:xyz" is not a content id'),
  row(FLAG, 2, "INVALID_ARGUMENT", ["verify", "file", "film.bin"], '"film.bin" is not a whole content id', withFile("file", "x")),
  row(FLAG, 2, "INVALID_ARGUMENT", ["share", "file", "--piece-length", "-5"], '--piece-length "-5" is not a size', withFile("file", "x")),
  row(FLAG, 2, "INVALID_ARGUMENT", ["share", "file", "--piece-length", "big"], '--piece-length "big" is not a size', withFile("file", "x")),
  row(PIECE_LENGTH, 2, "PIECE_LENGTH_INVALID", ["share", "file", "--piece-length", "0"], '--piece-length "0" is too small', withFile("file", "x")),
  row(PIECE_LENGTH, 2, "PIECE_LENGTH_INVALID", ["share", "file", "--piece-length", "65M"], "more than 64 MiB", withFile("file", "x")),
  row(PIECE_LENGTH, 2, "PIECE_LENGTH_INVALID", () => ["share", folder.join("film.bin"), "--piece-length", "1"], "use 2 to 67108864 bytes"),
  row("half a link, or a damaged one", 2, "LINK_INVALID", () => ["download", `piecewise:${filmId.slice(0, 30)}`], "it looks cut off, copy all of it"),
  row("half a link, or a damaged one", 2, "LINK_INVALID", () => ["download", `piecewise:${filmId}?name=film.bin&peer`], '"peer" has no value'),
  row("half a link, or a damaged one", 2, "LINK_INVALID", () => ["download", `piecewise:${filmId}?tracker=127.0.0.1`], "is not HOST:PORT"),
  row(LOOKUP_WITHOUT_TRACKER, 2, "INVALID_ARGUMENT", ["download", "film.bin", "--peer", NOBODY], "only a tracker can look up a name", {
    env: { PIECEWISE_TRACKER: "" },
  }),
  row("a path, or the name for it, cannot be shared", 2, "PATH_NOT_SHAREABLE", ["share", "/dev/null"], "neither a file nor a directory"),
  row("a path, or the name for it, cannot be shared", 2, "PATH_NOT_SHAREABLE", ["share", "file", "--name", "a/b"], "contains a slash", withFile("file", "x")),
  row("a path, or the name for it, cannot be shared", 2, "PATH_NOT_SHAREABLE", ["share", "tree"], "rename one of them", {
    prepare: (cwd) => writeTestFile(join(cwd, "tree/a"), 1).then(() => writeTestFile(join(cwd, "tree/A"), 1)),
  }),
  row("the port to listen on is in use", 2, "ADDRESS_IN_USE", () => ["share", "file", "--listen", tracker.address], () => tracker.address, withFile("file", "x")),
  row("the output exists and is something else", 2, "OUTPUT_EXISTS", ["download", "film.bin"], "(--output), or let it be replaced (--force)", withFile("film.bin", "mine")),
  row("the output exists and is something else", 2, "OUTPUT_EXISTS", ["download", "film.bin", "--output", "here"], 'here/film.bin" exists', {
    prepare: (cwd) => writeTestFile(join(cwd, "here/film.bin/mine"), 1),
  }),
  row(UNREACHABLE, 3, "TRACKER_UNREACHABLE", ["list", "--tracker", NOBODY], `cannot reach tracker ${NOBODY}`),
  row(UNREACHABLE, 3, "TRACKER_UNREACHABLE", ["share", "file", "--tracker", NOBODY], `cannot reach tracker ${NOBODY}`, withFile("file", "x")),
  row(UNREACHABLE, 3, "TRACKER_UNREACHABLE", ["download", "film.bin", "--tracker", NOBODY], `cannot reach tracker ${NOBODY}`),
  row("a path is not the content that it should be", 4, "CONTENT_CHANGED", () => ["verify", "file", filmId], "5 of 5 pieces differ", withFile("file", "x")),
  row("a path does not exist", 5, "PATH_NOT_FOUND", ["share", "nothing"], 'cannot read "nothing": it does not exist'),
  row("a path does not exist", 5, "PATH_NOT_FOUND", ["inspect", "./nothing"], 'cannot read "./nothing": it does not exist'),
  row("a path does not exist", 5, "PATH_NOT_FOUND", () => ["verify", "nothing", filmId], 'cannot read "nothing": it does not exist'),
  row("a path does not exist", 5, "PATH_NOT_FOUND", ["download", "film.bin", "--output", "no/where"], 'no": it does not exist'),
  row("a path cannot be read", 5, "PATH_UNREADABLE", ["share", "file"], 'file": permission denied', {
    prepare: (cwd) => writeFile(join(cwd, "file"), "x", { mode: 0 }),
    isUnprivileged: true,
  }),
  row(NOT_WRITABLE, 5, "PATH_NOT_WRITABLE", ["download", "film.bin"], "permission denied; choose another place", {
    prepare: (cwd) => chmod(cwd, 0o555),
    isUnprivileged: true,
  }),
  row("no tracker knows such a content", 6, "CONTENT_NOT_FOUND", ["download", "film.bim"], 'nothing called "film.bim", but they know "film.bin"'),
  row("no tracker knows such a content", 6, "CONTENT_NOT_FOUND", ["inspect", "nothing"], 'nothing called "nothing"'),
  row("no tracker knows such a content", 6, "CONTENT_NOT_FOUND", ["download", "sha256:00000000"], "no content whose id begins with"),
  row("no tracker knows such a content", 6, "CONTENT_NOT_FOUND", ["download", "film.bin", "--piece-length", "1M"], "not offered with pieces of 1 MiB but of 256 KiB"),
  row("a name, or the beginning of an id, fits several contents", 7, "NAME_AMBIGUOUS", ["download", "several"], '"several" fits 2 contents'),
  row(NO_PEERS, 8, "NO_PEERS", ["download", "orphan.bin", "--timeout", "1"], "no peer could be reached for 1 s"),
  row(NO_PEERS, 8, "NO_PEERS", ["inspect", UNKNOWN_ID, "--peer", NOBODY, "--timeout", "1"], `${NOBODY}, failed with PEER_UNREACHABLE`),
];

describe("one line says what is wrong, and nothing is lost or left behind", () => {
  test.each(ROWS.map((bad, index) => [`${index} ${bad.situation}`, bad] as const))("%s", async (title, bad) => {
    const cwd = folder.join("runs", title.split(" ", 1)[0]!);
    await mkdir(cwd, { recursive: true });
    await bad.prepare?.(cwd);
    const before = await takeStock(cwd);
    const options = { cwd, env: { PIECEWISE_TRACKER: tracker.address, ...bad.env } };
    const args = [...bad.args(), "--json"];
    const peer = bad.isUnprivileged === true ? await runUnprivileged(args, options) : await runPeer(args, options);
    expectFailure(peer, bad);
    expect(String(peer.events.at(-1)!["message"])).toContain(bad.says());
    expect(await takeStock(cwd)).toEqual(before);
  });
});

/** Everything below a folder, as far as it can be told without reading it. */
async function takeStock(root: string): Promise<string[]> {
  const paths = await readdir(root, { recursive: true });
  const lines = paths.map(async (path) => {
    const { ino, mode, size, mtimeMs } = await lstat(join(root, path));
    return [path, ino, mode, size, mtimeMs].join(" ");
  });
  return (await Promise.all(lines)).toSorted();
}

/** The error is the last event, and the only line on stderr. */
function expectFailure(peer: RunningProcess, { exitCode, reason }: Situation): void {
  expect(peer.exitCode, peer.transcript()).toBe(exitCode);
  const error = peer.events.at(-1) as JsonEvent;
  expect(error).toMatchObject({ event: "error", code: reason });
  expect(peer.stderr).toEqual([`peer: ${String(error["message"])}`]);
}

function trackersOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => ["--tracker", `127.0.0.1:${index + 1}`]).flat();
}

/** As root nothing is forbidden: a copy of the binary gives that up before it does anything. */
async function runUnprivileged(args: readonly string[], options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }): Promise<RunningProcess> {
  if (!isRoot) return runPeer(args, options);
  const dist = fileURLToPath(new URL("../apps/peer/dist/", import.meta.url));
  const home = folder.join("unprivileged");
  await mkdir(home, { recursive: true });
  for (const file of ["peer.cjs", "hasher-worker.cjs"]) await copyFile(join(dist, file), join(home, file));
  const launcher = join(home, "launcher.cjs");
  await writeFile(launcher, 'process.setgroups([]); process.setgid(65534); process.setuid(65534); require("./peer.cjs");\n');
  const peer = new RunningProcess(launcher, args, options);
  await peer.waitForExit();
  return peer;
}

const LOCKED: Situation = { situation: "another process is writing the output", exitCode: 2, reason: "OUTPUT_LOCKED" };
const FULL: Situation = { situation: "the disk is full, or would be", exitCode: 5, reason: "DISK_FULL" };
const TIMED_OUT: Situation = { situation: NO_PEERS, exitCode: 8, reason: "NO_PEERS" };
const STOPPED: Situation = { situation: "it was stopped before the work was done", exitCode: 130, reason: "CANCELLED" };

test("an output that exists is replaced with --force, and left alone if it is the content", async () => {
  const output = folder.join("forced");
  await writeFile(output, "mine");
  const args = ["download", "film.bin", "--tracker", tracker.address, "--output", output];
  expect((await runPeer([...args, "--force"])).exitCode).toBe(0);
  expect(await readFile(output)).toEqual(await readFile(folder.join("film.bin")));
  const again = await runPeer([...args, "--json"]);
  expect(again.events.at(-1)).toMatchObject({ event: "finished", receivedBytes: 0, resumedBytes: MIB + 1 });
});

test("a second process is told who holds the output; the first one, when it is stopped, what is kept", async () => {
  const args = ["download", "film.bin", "--tracker", tracker.address, "--output", folder.join("held"), "--json"];
  await using first = startPeer([...args, "--download-limit", "64K"]);
  await first.waitForEvent("progress", ({ phase }) => phase === "downloading");
  const second = await runPeer(args);
  expectFailure(second, LOCKED);
  expect(second.stderr[0]).toContain(`process ${first.pid} is writing`);
  await first.waitForEvent("progress", ({ verifiedBytes }) => Number(verifiedBytes) > 0);
  first.signal("SIGINT");
  await first.waitForExit();
  expectFailure(first, STOPPED);
  expect(first.stderr[0]).toContain("are verified and kept; the same command resumes");
});

test("what was shared has vanished: its peer says which file, and who waits for it gives up in time", async () => {
  const path = folder.join("vanishing");
  await writeTestFile(path, 600_000, "vanishing");
  await using sharer = startPeer(["share", path, "--tracker", tracker.address, "--json"]);
  await sharer.waitForEvent("serving");
  await rm(path);
  const output = folder.join("vanished");
  const peer = await runPeer(["download", "vanishing", "--tracker", tracker.address, "--output", output, "--timeout", "1", "--json"]);
  expectFailure(peer, TIMED_OUT);
  expect(peer.stderr[0]).toContain("no peer had what is missing for 1 s");
  await sharer.waitForErrorLine(/"code":"PATH_NOT_FOUND".*vanishing/);
  expect((await readdir(folder.path)).filter((name) => name.includes("vanished"))).toEqual([]);
});

describe.skipIf(!canMount())("a disk that is too small", () => {
  test("is told before anything is written", async () => {
    await using disk = await mountDisk("512k");
    const peer = await runPeer(["download", "film.bin", "--tracker", tracker.address, "--output", disk.path, "--json"]);
    expectFailure(peer, FULL);
    expect(peer.stderr[0]).toMatch(/not enough space for ".*\/film\.bin": 1 MiB needed, \d+ KiB free; make room/);
    expect(await readdir(disk.path)).toEqual([]);
  });

  test("or is filled by others meanwhile: what was verified is kept", async () => {
    await using disk = await mountDisk("2m");
    const args = ["download", "film.bin", "--tracker", tracker.address, "--output", disk.path, "--json"];
    await using peer = startPeer([...args, "--download-limit", "256K"]);
    await peer.waitForEvent("progress", ({ verifiedBytes }) => Number(verifiedBytes) > 0);
    const filler = join(disk.path, "filler");
    await fillUp(filler);
    await peer.waitForExit();
    expectFailure(peer, FULL);
    await rm(filler);
    const again = await runPeer(args);
    expect(again.exitCode, again.transcript()).toBe(0);
    expect(again.events.at(-1)!["resumedBytes"]).toBeGreaterThan(0);
    expect(await readFile(join(disk.path, "film.bin"))).toEqual(await readFile(folder.join("film.bin")));
  });
});

/** Writes until there is no room. */
async function fillUp(path: string): Promise<void> {
  await expect(writeFile(path, Buffer.alloc(4 * MIB))).rejects.toMatchObject({ code: "ENOSPC" });
}

interface Disk extends AsyncDisposable {
  readonly path: string;
}

async function mountDisk(size: string): Promise<Disk> {
  const path = folder.join(`disk-${size}`);
  await mkdir(path);
  expect(spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "piecewise", path]).status).toBe(0);
  return {
    path,
    async [Symbol.asyncDispose]() {
      spawnSync("umount", ["--lazy", path]);
    },
  };
}

/** Whether this user may mount, tried in a namespace that goes with the process. */
function canMount(): boolean {
  return isRoot && spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "piecewise", "/mnt"]).status === 0;
}

test("docs/CLI.md has these situations, with their exit codes and reasons, and no others", async () => {
  const text = await readFile(new URL("../docs/CLI.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| ([^|]+) \| (\d+) \| `([A-Z_]+)` \| [^|]+ \|$/gm)];
  const documented = rows.map(([, situation, exitCode, reason]) => `${situation} → ${exitCode} ${reason}`);
  const tested = [...ROWS, LOCKED, FULL, STOPPED].map(({ situation, exitCode, reason }) => `${situation} → ${exitCode} ${reason}`);
  expect(documented.toSorted()).toEqual([...new Set(tested)].toSorted());
});
