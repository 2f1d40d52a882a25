import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseFlags } from "./flags.js";

const NAMES = ["W1", "W3cap"];
let printed = "";

beforeEach(() => {
  printed = "";
  const keep = (text: unknown): boolean => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
});
afterEach(() => vi.restoreAllMocks());

test("without flags: all workloads, three rounds, all rivals", () => {
  expect(parseFlags([], NAMES)).toEqual({ only: [], rounds: 3, rivals: ["libtorrent", "aria2", "curl", "rsync", "iperf3"] });
});

test("names are taken in any case", () => {
  expect(parseFlags(["--only", "w3CAP, w1", "--rounds", "5", "--rivals", "none"], NAMES)).toEqual({ only: ["W3cap", "W1"], rounds: 5, rivals: [] });
});

test.each([
  [["--only", "W2"], 'There is no "W2"'],
  [["--rivals", "scp"], 'There is no "scp"'],
  [["--rounds", "0"], "from 1 to 100"],
  [["--rounds", "1.5"], "from 1 to 100"],
  [["--fast"], "unknown option '--fast'"],
  [["W1"], "too many arguments"],
])("%j is refused", (args, message) => {
  expect(parseFlags(args, NAMES)).toBe(2);
  expect(printed).toContain(message);
});

test("--help names the workloads", () => {
  expect(parseFlags(["--help"], NAMES)).toBe(0);
  expect(printed).toContain("W1, W3cap");
});
