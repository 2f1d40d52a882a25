import { PiecewiseError } from "@piecewise/base";
import { expect, test } from "vitest";
import { parseCount, parseDialAddress, parseListenAddress, parseLogLevel, parsePieceLength, parseRate, parseTimeoutMs } from "./flag-values.js";

function codeOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof PiecewiseError) return error.code;
    throw error;
  }
  return "none";
}

test.each([
  ["0", "PIECE_LENGTH_INVALID"],
  ["0K", "PIECE_LENGTH_INVALID"],
  ["-5", "INVALID_ARGUMENT"],
  ["", "INVALID_ARGUMENT"],
  ["abc", "INVALID_ARGUMENT"],
  ["NaN", "INVALID_ARGUMENT"],
  ["1e400", "INVALID_ARGUMENT"],
  ["1", "none"],
  ["256K", "none"],
])("piece length %j: %s", (text, code) => {
  expect(codeOf(() => parsePieceLength(text, "--piece-length"))).toBe(code);
});

test("what else a flag takes", () => {
  expect(parsePieceLength("256k", "x")).toBe(262_144);
  expect(parseRate("1.5M", "x")).toBe(1_572_864);
  expect(() => parseRate("0", "--upload-limit")).toThrow('--upload-limit "0" would never finish');
  expect(parseCount("3", "x")).toBe(3);
  for (const text of ["0", "-1", "1.5", "many", ""]) expect(() => parseCount(text, "--max-peers")).toThrow("--max-peers");
  expect(parseTimeoutMs("0", "x")).toBe(0);
  expect(parseTimeoutMs("1.5", "x")).toBe(1_500);
  for (const text of ["-1", "", "soon", "9999999"]) expect(() => parseTimeoutMs(text, "--timeout")).toThrow("--timeout");
  expect(parseListenAddress("[::]:0", "x")).toBe("[::]:0");
  expect(() => parseDialAddress("host:0", "--tracker")).toThrow('--tracker "host:0" needs a port');
  expect(() => parseLogLevel("loud", "--log")).toThrow('--log "loud" is not one of debug, info, warn, error, silent');
});
