import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { type ProcessOptions, type RunningProcess, runPeer, startPeer, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { PeerOnTerminal } from "./terminal.js";
import { hashFile, writeTestFile } from "./test-files.js";

const MIB = 1_048_576;

/** One answer a line, as from a pipe. */
const lines = (...answers: readonly string[]): string => answers.map((answer) => `${answer}\n`).join("");

/** `peer` alone, which asks for what it needs. */
const askedPeer = (tracker: string, answers: readonly string[], options: ProcessOptions = {}, flags: readonly string[] = []): RunningProcess =>
  startPeer(["--tracker", tracker, ...flags], { ...options, input: lines(...answers) });

/** Ctrl-C at a peer that serves. */
async function interrupt(peer: RunningProcess): Promise<void> {
  peer.signal("SIGINT");
  expect(await peer.waitForExit(), peer.transcript()).toEqual({ code: 0, signal: null });
}

async function shareWith(tracker: string, path: string, flags: readonly string[] = []): Promise<RunningProcess> {
  const peer = startPeer(["share", path, "--tracker", tracker, ...flags]);
  await peer.waitForLine(/^serving on /);
  return peer;
}

/** The same bytes under the same name in folders of their own. */
async function writeCopies(folder: TempFolder, name: string, bytes: number, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, index) => folder.join(`${index}`, name));
  for (const path of paths) await writeTestFile(path, bytes);
  return paths;
}

describe("peer alone, from a pipe", () => {
  test("uploads, and downloads from one peer what was uploaded; both serve until Ctrl-C", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const original = folder.join("bài hát.mp3");
    await writeTestFile(original, 3 * MIB + 1);
    await using upload = askedPeer(tracker.address, ["1", "", original]);
    const [, uploadAddress] = await upload.waitForLine(/^serving on (127\.0\.0\.1:\d+) until Ctrl-C$/);
    const id = expect.stringMatching(/^ {2}content id: sha256:[0-9a-f]{64}$/);
    const link = expect.stringMatching(/^ {2}link: '?piecewise:sha256:[0-9a-f]{64}\?name=b%C3%A0i%20h%C3%A1t\.mp3&\S+$/);
    expect(upload.stdout).toEqual([
      "Choose a mode (1: Upload, 2: Download): 1",
      "Port for the peer server (empty or 0 = any): ",
      `Path of the file to upload: ${original}`,
      'shared "bài hát.mp3": 3 MiB, 13 x 256 KiB',
      id,
      link,
      expect.stringMatching(/^ {2}to fetch it: peer download 'piecewise:/),
      `serving on ${uploadAddress} until Ctrl-C`,
    ]);

    await mkdir(folder.join("here"));
    await using download = askedPeer(tracker.address, ["2", "0", "bài hát.mp3", "", "copy.mp3", "1"], { cwd: folder.join("here") });
    await download.waitForLine(/^serving on /);
    expect(download.stdout).toEqual([
      "Choose a mode (1: Upload, 2: Download): 2",
      "Port for the peer server (empty or 0 = any): 0",
      "Name of the file to download: bài hát.mp3",
      "Piece length (empty = as offered): ",
      "Name to save as (empty = the same name): copy.mp3",
      "How to download:",
      "1. From one peer",
      "2. From several peers",
      "Your choice (1/2): 1",
      `saved: ${folder.join("here", "copy.mp3")}`,
      "  3 MiB, every byte verified; 3 MiB received, 0 B there before",
      `  from ${uploadAddress}: 3 MiB, pieces: 13`,
      expect.stringMatching(/^serving on 127\.0\.0\.1:\d+ until Ctrl-C$/),
    ]);
    expect(await hashFile(folder.join("here", "copy.mp3"))).toBe(await hashFile(original));
    // How it went on the way depends on the machine; the last state is always shown.
    expect(download.stderr).toContainEqual(expect.stringContaining("100%  3 MiB of 3 MiB"));

    // What was downloaded is served on, under the same name.
    await interrupt(upload);
    const third = await runPeer(["download", "bài hát.mp3", "--tracker", tracker.address, "--output", folder.join("third")]);
    expect(third.exitCode, third.transcript()).toBe(0);
    await interrupt(download);
  });

  test("downloads from several peers, and keeps the name", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const [first, second] = await writeCopies(folder, "film.bin", 6 * MIB, 2);
    await using one = await shareWith(tracker.address, first!, ["--upload-limit", "3M"]);
    await using two = await shareWith(tracker.address, second!, ["--upload-limit", "3M"]);
    await using peer = askedPeer(tracker.address, ["2", "", "film.bin", "", "", "2"], { cwd: folder.path });
    await peer.waitForLine(/^serving on /);
    expect(peer.stdout).toContain(`saved: ${folder.join("film.bin")}`);
    expect(peer.stdout.filter((line) => /^ {2}from 127\.0\.0\.1:\d+: /.test(line))).toHaveLength(2);
    expect(await hashFile(folder.join("film.bin"))).toBe(await hashFile(first!));
    await interrupt(peer);
    await Promise.all([one.stop(), two.stop()]);
  });

  test.each<[how: string, env: Record<string, string>, flags: readonly string[]]>([
    ["with LC_ALL=vi_VN.UTF-8", { LC_ALL: "vi_VN.UTF-8" }, []],
    ["with --lang vi", {}, ["--lang", "vi"]],
    ["with PIECEWISE_LANG=vi", { PIECEWISE_LANG: "vi" }, []],
  ])("speaks Vietnamese %s", async (_, env, flags) => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using upload = askedPeer(tracker.address, ["1", "0", folder.join("file.bin")], { env }, flags);
    await upload.waitForLine(/^đang phục vụ tại 127\.0\.0\.1:\d+, nhấn Ctrl-C để dừng$/);
    expect(upload.stdout.slice(0, 4)).toEqual([
      "Chọn chế độ (1: Upload, 2: Download): 1",
      "Nhập port cho peer server (để trống hoặc 0 = tự chọn): 0",
      `Nhập đường dẫn file để upload: ${folder.join("file.bin")}`,
      expect.stringMatching(/^đã chia sẻ "file\.bin": /),
    ]);
    await using download = askedPeer(tracker.address, ["2", "", "file.bin", "", "copy", "2"], { env, cwd: folder.path }, flags);
    await download.waitForLine(/^đang phục vụ /);
    expect(download.stdout.slice(2, 10)).toEqual([
      "Nhập tên của file cần tải: file.bin",
      "Nhập piece_length (để trống = theo bên chia sẻ): ",
      "Nhập tên file để lưu (để trống = giữ nguyên tên): copy",
      "Chọn phương thức tải file:",
      "1. Tải file từ một peer",
      "2. Tải file từ nhiều peers",
      "Nhập lựa chọn (1/2): 2",
      `đã lưu: ${folder.join("copy")}`,
    ]);
    await Promise.all([interrupt(upload), interrupt(download)]);
  });

  test("--lang en wins over a Vietnamese locale", async () => {
    const peer = await runPeer(["--lang", "en"], { env: { LC_ALL: "vi_VN.UTF-8" }, input: "" });
    expect(peer.exitCode).toBe(2);
    expect(peer.stdout).toEqual(["Choose a mode (1: Upload, 2: Download): "]);
  });

  test.each<[answers: readonly string[], lastQuestion: RegExp]>([
    [[], /^Choose a mode/],
    [["1"], /^Port for/],
    [["1", ""], /^Path of/],
    [["2"], /^Port for/],
    [["2", "", "name"], /^Piece length/],
    [["2", "", "name", "", ""], /^Your choice/],
  ])("an input that ends after %j, before the last question, is a usage error", async (answers, lastQuestion) => {
    const peer = await runPeer([], { input: lines(...answers) });
    expect(peer.exitCode).toBe(2);
    expect(peer.stderr).toEqual(["peer: the input ended before the last question was answered"]);
    expect(peer.stdout.at(-1)).toMatch(lastQuestion);
  });

  test("after the last answer the end of the input is no end", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    await using peer = startPeer(["--tracker", tracker.address], { input: "open" });
    for (const answer of ["1", "", folder.join("file.bin")]) peer.writeLine(answer);
    await peer.waitForLine(/^serving on /);
    peer.endInput();
    const download = await runPeer(["download", "file.bin", "--tracker", tracker.address, "--output", folder.join("copy")]);
    expect(download.exitCode, download.transcript()).toBe(0);
    await interrupt(peer);
  });

  test("another piece length than the offered one is told and gives way", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), MIB);
    await using seeder = await shareWith(tracker.address, folder.join("file.bin"), ["--piece-length", "64K"]);
    await using peer = askedPeer(tracker.address, ["2", "", "file.bin", "1M", "copy", "2"], { cwd: folder.path });
    await peer.waitForLine(/^serving on /);
    expect(peer.stdout).toContain('The piece length of "file.bin" is 64 KiB, not 1 MiB; taking the one that is offered.');
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("file.bin")));
    await interrupt(peer);
    await seeder.stop();
  });

  test("several contents of one name are listed and end it; the piece length tells them apart", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const [first, second] = await writeCopies(folder, "file.bin", MIB, 2);
    await using one = await shareWith(tracker.address, first!, ["--piece-length", "64K"]);
    await using two = await shareWith(tracker.address, second!, ["--piece-length", "128K"]);
    for (const pieceLength of ["", "1M"]) {
      const peer = askedPeer(tracker.address, ["2", "", "file.bin", pieceLength, "copy", "2", "1"], { cwd: folder.path });
      expect((await peer.waitForExit()).code, peer.transcript()).toBe(7);
      expect(peer.stdout).toContain('Several contents are called "file.bin":');
      expect(peer.stdout.filter((line) => /^[12]\. sha256:[0-9a-f]{12} .* file\.bin$/.test(line))).toHaveLength(2);
      expect(peer.stderr).toEqual([expect.stringMatching(/^peer: "file\.bin" fits 2 contents/)]);
    }
    await using peer = askedPeer(tracker.address, ["2", "", "file.bin", "128K", "copy", "2"], { cwd: folder.path });
    await peer.waitForLine(/^serving on /);
    expect(peer.stdout.join("\n")).toMatch(/: 1 MiB, pieces: 8$/m);
    await interrupt(peer);
    await Promise.all([one.stop(), two.stop()]);
  });

  test("the port that is given is the one to serve on", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("file.bin"), 1_000);
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const refused = await runPeer(["--tracker", tracker.address], { input: lines("1", String(port), folder.join("file.bin")) });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toEqual([expect.stringContaining(`peer: cannot listen on 127.0.0.1:${port}`)]);
    other.close();
    await once(other, "close");
    await using peer = askedPeer(tracker.address, ["1", String(port), folder.join("file.bin")]);
    await peer.waitForLine(new RegExp(`^serving on 127\\.0\\.0\\.1:${port} `));
    await interrupt(peer);
  });

  test("the default tracker that is not there is named", async () => {
    const peer = await runPeer([], { input: lines("2", "", "file.bin", "", "", "2"), env: { PIECEWISE_TRACKER: "127.0.0.1:9" } });
    expect(peer.exitCode).toBe(3);
    expect(peer.stderr).toEqual([expect.stringMatching(/^peer: cannot reach tracker 127\.0\.0\.1:9 /)]);
  });
});

describe("peer alone, at a terminal", () => {
  test("a wrong answer is asked again, a bar shows how far it is, and Ctrl-C ends the serving", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 4 * MIB);
    await using seeder = await shareWith(tracker.address, folder.join("film.bin"), ["--upload-limit", "2M"]);
    await mkdir(folder.join("here"));
    await using peer = new PeerOnTerminal(["--tracker", tracker.address], { cwd: folder.join("here") });
    await peer.waitFor(/Choose a mode/);
    peer.type("download");
    await peer.answer([
      [/"download" is neither 1 nor 2\n+Choose a mode/, "2"],
      [/Port for/, "port"],
      [/"port" is not a port: [^\n]+\n+Port for/, ""],
      [/Name of the file/, "film.bin"],
      [/Piece length/, ""],
      [/Name to save/, ""],
      [/Your choice/, "2"],
    ]);
    await peer.waitFor(/\[=*>? *\] {2}downloading {2}\d+% {2}[\d.]+ [KM]iB of 4 MiB {2}[\d.]+ \w+\/s {2}ETA \S+ {2}1 peer/);
    await peer.waitFor(/saved: .*film\.bin/);
    await peer.waitFor(/serving on /);
    expect(await hashFile(folder.join("here", "film.bin"))).toBe(await hashFile(folder.join("film.bin")));
    peer.pressCtrlC();
    expect(await peer.waitForExit()).toBe(0);
    await seeder.stop();
  });

  test("which of several contents is asked", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const [first, second] = await writeCopies(folder, "file.bin", MIB, 2);
    await using one = await shareWith(tracker.address, first!, ["--piece-length", "64K"]);
    await using two = await shareWith(tracker.address, second!, ["--piece-length", "128K"]);
    await using peer = new PeerOnTerminal(["--tracker", tracker.address], { cwd: folder.path });
    await peer.answer([
      [/Choose a mode/, "2"],
      [/Port for/, ""],
      [/Name of the file/, "file.bin"],
      [/Piece length/, ""],
      [/Name to save/, "copy"],
      [/Your choice/, "1"],
      [/Which one \(1-2\)\? /, "3"],
      [/"3" is not a number from 1 to 2/, "2"],
    ]);
    await peer.waitFor(/serving on /);
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(first!));
    peer.pressCtrlC();
    expect(await peer.waitForExit()).toBe(0);
    await Promise.all([one.stop(), two.stop()]);
  });

  test("Ctrl-C at a question ends it with 130", async () => {
    await using peer = new PeerOnTerminal([]);
    await peer.waitFor(/Choose a mode/);
    peer.pressCtrlC();
    expect(await peer.waitForExit()).toBe(130);
  });
});
