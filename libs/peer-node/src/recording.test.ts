import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, silentLogger, StorageError, UsageError } from "@piecewise/base";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openRecording, RECORDING_BYTES_MAX } from "./recording.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "piecewise-recording-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("holds every line as soon as it is written", () => {
  const path = join(folder, "record");
  using recording = openRecording(path, silentLogger);
  expect(recording.write("one")).toBe(true);
  expect(recording.write("hai ✓")).toBe(true);
  expect(readFileSync(path, "utf8")).toBe("one\nhai ✓\n");
});

test("is full at its limit, and says so", () => {
  const path = join(folder, "record");
  const warn = vi.fn<Logger["warn"]>();
  using recording = openRecording(path, { ...silentLogger, warn });
  expect(recording.write("x".repeat(RECORDING_BYTES_MAX - 3))).toBe(true);
  expect(recording.write("yy")).toBe(false);
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ path }), expect.stringContaining("full"));
  expect(readFileSync(path, "utf8")).toHaveLength(RECORDING_BYTES_MAX - 2);
});

test("a disk that takes nothing ends the record and nothing else", () => {
  const warn = vi.fn<Logger["warn"]>();
  const recording = openRecording(join(folder, "record"), { ...silentLogger, warn });
  recording[Symbol.dispose]();
  expect(recording.write("one")).toBe(false);
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ code: "STORAGE_FAILED" }), expect.stringContaining("goes on"));
});

test("takes the place of nothing, and needs a place", () => {
  const path = join(folder, "film.mkv");
  writeFileSync(path, "kept");
  expect(() => openRecording(path, silentLogger)).toThrow(UsageError);
  expect(readFileSync(path, "utf8")).toBe("kept");
  expect(() => openRecording(join(folder, "nowhere", "record"), silentLogger)).toThrow(StorageError);
});
