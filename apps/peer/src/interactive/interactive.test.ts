import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { FakeNode, testId, testListing, untilCancelled } from "../testing/fake-node.js";
import { runMain, type Run, type RunOptions } from "../testing/run-main.js";

const id = testId(0xab);
/** A file that exists, whatever the working directory. */
const path = import.meta.filename;

/** All answers at once and the end of the input, as from a pipe. */
function answer(answers: readonly string[], options: RunOptions & { readonly argv?: readonly string[] } = {}): Run {
  const run = runMain(options.argv ?? [], options);
  run.stdin.end(answers.map((line) => `${line}\n`).join(""));
  return run;
}

/** Types each answer when its question is there. */
async function type(run: Run, dialogue: readonly (readonly [question: string, answer: string])[]): Promise<void> {
  for (const [question, typed] of dialogue) {
    await run.stdout.waitFor(question);
    run.stdin.write(`${typed}\n`);
  }
}

async function stopWhenServing(run: Run, mark = "serving on"): Promise<void> {
  await run.stdout.waitFor(mark);
  run.stop.request();
  expect(await run.exitCode).toBe(0);
}

const link = `piecewise:${testId(1)}?name=interactive.test.ts&peer=127.0.0.1:4001`;

describe("from a pipe", () => {
  test("upload, in English", async () => {
    const run = answer(["1", "", path]);
    await stopWhenServing(run);
    expect(run.stdout.text).toBe(`Choose a mode (1: Upload, 2: Download): 1
Port for the peer server (empty or 0 = any):${" "}
Path of the file to upload: ${path}
shared "interactive.test.ts": 100 B, 2 x 64 B
  content id: ${testId(1)}
  link: '${link}'
  to fetch it: peer download '${link}'
serving on 127.0.0.1:4001 until Ctrl-C
`);
    expect(run.node.options).toMatchObject({ trackers: ["127.0.0.1:50051"] });
    expect(run.node.options).toMatchObject({ port: 0 });
    expect(run.node.calls).toEqual(["start", `share ${path}`, "close 5000"]);
  });

  test("download from one peer, in Vietnamese", async () => {
    const run = answer(["2", "6001", "film.mkv", "256K", "ketqua.mkv", "1"], { env: { LANG: "vi_VN.UTF-8" } });
    await stopWhenServing(run, "đang phục vụ");
    expect(run.stdout.text).toBe(`Chọn chế độ (1: Upload, 2: Download): 2
Nhập port cho peer server (để trống hoặc 0 = tự chọn): 6001
Nhập tên của file cần tải: film.mkv
Nhập piece_length (để trống = theo bên chia sẻ): 256K
Nhập tên file để lưu (để trống = giữ nguyên tên): ketqua.mkv
Chọn phương thức tải file:
1. Tải file từ một peer
2. Tải file từ nhiều peers
Nhập lựa chọn (1/2): 1
đã lưu: /tmp/film.mkv
  100 B, mọi byte đã được kiểm tra; nhận 90 B, có sẵn 10 B
  từ 127.0.0.1:4002: 100 B, 2 mảnh
đang phục vụ tại 127.0.0.1:4001, nhấn Ctrl-C để dừng
`);
    expect(run.node.options).toMatchObject({ port: 6001 });
    expect(run.node.target).toEqual({ contentId: id, name: "film.mkv" });
    expect(run.node.downloadOptions).toMatchObject({ output: "ketqua.mkv", peersMax: 1 });
    expect(run.stderr.text).toBe("đang tải  50%  1.5 MiB trên 3 MiB  1 MiB/giây  còn 2s  2 peer\n");
  });

  test("download from several peers, with trackers of one's own", async () => {
    const run = answer(["2", "6001", "film.mkv", "", "", "2"], { argv: ["--tracker", "10.0.0.1:50051", "--lang", "en"], env: { LANG: "vi" } });
    await stopWhenServing(run);
    expect(run.stdout.text).toContain("How to download:\n1. From one peer\n2. From several peers\nYour choice (1/2): 2\nsaved:");
    expect(run.node.options).toMatchObject({ trackers: ["10.0.0.1:50051"], port: 6001 });
    expect(run.node.downloadOptions!.output).toBeUndefined();
    expect(run.node.downloadOptions!.peersMax).toBeUndefined();
  });

  test("another piece length than the offered one gives way, and that is said", async () => {
    const run = answer(["2", "0", "film.mkv", "1", "", "2"]);
    await stopWhenServing(run);
    expect(run.stdout.text).toContain('\nThe piece length of "film.mkv" is 256 KiB, not 1 B; taking the one that is offered.\nsaved:');
    expect(run.node.target).toMatchObject({ contentId: id });
  });

  test("several contents of the name are listed, and that is an error", async () => {
    const node = new FakeNode();
    node.listings = [testListing(), testListing({ contentId: testId(0xcd), pieceLength: 1_024 })];
    for (const pieceLength of ["", "1M"]) {
      const run = answer(["2", "", "film.mkv", pieceLength, "", "2", "1"], { node });
      expect(await run.exitCode).toBe(7);
      expect(run.stdout.text).toContain(`
Several contents are called "film.mkv":
   ID                   SIZE      PIECES OF  PEERS  SEEDS  NAME
1. sha256:abababababab  2.86 MiB  256 KiB    3      2      film.mkv
2. sha256:cdcdcdcdcdcd  2.86 MiB  1 KiB      3      2      film.mkv
`);
      expect(run.stderr.text).toMatch(/^peer: "film\.mkv" fits 2 contents: /);
    }
    const told = answer(["2", "", "film.mkv", "1K", "", "2"], { node });
    await stopWhenServing(told);
    expect(told.node.target).toMatchObject({ contentId: testId(0xcd) });
  });

  test("an unknown name", async () => {
    const run = answer(["2", "", "film.mp4", "", "", "2"]);
    expect(await run.exitCode).toBe(6);
    expect(run.stderr.text).toContain('nothing called "film.mp4", but they know "film.mkv"');
  });

  test.each([
    [["3"], '"3" is neither 1 nor 2'],
    [[""], '"" is neither 1 nor 2'],
    [["1", "70000"], '"70000" is not a port'],
    [["1", "-1"], '"-1" is not a port'],
    [["1", "", ""], "an answer is needed here"],
    [["1", "", "/no/such/file"], 'there is no file or directory "/no/such/file"'],
    [["2", "", "x", "0"], '"0" is not a piece length'],
    [["2", "", "x", "much"], '"much" is not a piece length'],
    [["2", "", "x", "", "", "no"], '"no" is neither 1 nor 2'],
    [[], "the input ended"],
    [["1", ""], "the input ended"],
    [["2", "", "x", "", ""], "the input ended"],
  ])("%j is a usage error", async (answers, message) => {
    const run = answer(answers);
    expect(await run.exitCode).toBe(2);
    expect(run.stderr.text).toContain(`peer: ${message}`);
    expect(run.stderr.text.trimEnd()).not.toContain("\n");
    expect(run.node.calls).toEqual([]);
  });

  test("wrong answers are refused in the language of the questions", async () => {
    const run = answer(["3"], { argv: ["--lang", "vi"] });
    expect(await run.exitCode).toBe(2);
    expect(run.stderr.text).toBe('peer: "3" không phải là 1 hoặc 2\n');
  });

  test("lines may end as on Windows, the last one anyhow, and come piece by piece", async () => {
    const run = runMain([]);
    for (const part of ["1\r", "\n0\r\n", path.slice(0, 5), path.slice(5)]) run.stdin.write(part);
    run.stdin.end();
    await stopWhenServing(run);
    expect(run.node.calls).toContain(`share ${path}`);
  });

  test("an answer cannot play tricks on the terminal", async () => {
    const run = answer(["\u001b[2J"]);
    expect(await run.exitCode).toBe(2);
    expect(run.stdout.text + run.stderr.text).not.toContain("\u001b");
  });

  test("an interrupted download ends with 130", async () => {
    const node = new FakeNode();
    node.onDownload = (options) => untilCancelled(options.signal);
    const run = answer(["2", "", "film.mkv", "", "", "2"], { node });
    await run.stdout.waitFor("(1/2): 2\n");
    run.stop.request();
    expect(await run.exitCode).toBe(130);
  });
});

describe("at a terminal", () => {
  test("a wrong answer is asked again", async () => {
    const run = runMain([], { isTTY: true, columns: 100 });
    await type(run, [
      ["Choose a mode", "upload"],
      ['"upload" is neither 1 nor 2', "1"],
      ["Port for", "x"],
      ['"x" is not a port', ""],
      ["Path of", "/no/such/file"],
      ['there is no file or directory "/no/such/file"', path],
    ]);
    await stopWhenServing(run);
    expect(run.node.calls).toContain(`share ${path}`);
    const shown = stripVTControlCharacters(run.stdout.text).replaceAll("\r", "");
    expect(shown.match(/Choose a mode \(1: Upload, 2: Download\): /g)!.length).toBeGreaterThanOrEqual(2);
  });

  test("which of several contents is asked, until the answer fits", async () => {
    const node = new FakeNode();
    node.listings = [testListing(), testListing({ contentId: testId(0xcd), pieceLength: 1_024 })];
    const run = runMain([], { isTTY: true, columns: 100, node });
    await type(run, [
      ["Choose a mode", "2"],
      ["Port for", ""],
      ["Name of", "film.mkv"],
      ["Piece length", ""],
      ["Name to save", ""],
      ["Your choice", "2"],
      ["Which one (1-2)?", "3"],
      ['"3" is not a number from 1 to 2', "2"],
    ]);
    await stopWhenServing(run);
    expect(node.target).toMatchObject({ contentId: testId(0xcd), name: "film.mkv" });
  });

  test("the end of the input before the last question is a usage error", async () => {
    const run = runMain([], { isTTY: true, columns: 100 });
    await run.stdout.waitFor("Choose a mode");
    run.stdin.write("\u0004");
    expect(await run.exitCode).toBe(2);
    expect(run.stderr.text).toContain("the input ended before the last question was answered");
  });

  test("answers that are pasted with the end of the input", async () => {
    const run = runMain([], { isTTY: true, columns: 100 });
    await run.stdout.waitFor("Choose a mode");
    run.stdin.write("1\n0\n\u0004");
    expect(await run.exitCode).toBe(2);
    expect(stripVTControlCharacters(run.stdout.text)).toContain("Path of the file to upload: \n");
    expect(run.node.calls).toEqual([]);
  });

  test("Ctrl-C at a question ends it", async () => {
    const run = runMain([], { isTTY: true, columns: 100 });
    await run.stdout.waitFor("Choose a mode");
    run.stdin.write("\u0003");
    expect(await run.exitCode).toBe(130);
    expect(run.node.calls).toEqual([]);
  });
});
