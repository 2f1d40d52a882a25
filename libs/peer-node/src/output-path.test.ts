import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { contentIdFromHash } from "@piecewise/base";
import { fileNameFor, nameOfPath, resolveOutput } from "./output-path.js";

const contentId = contentIdFromHash(new Uint8Array(32).fill(0xab));

describe("output path", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "piecewise-output-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("an existing directory means inside it", async () => {
    expect(await resolveOutput(folder, "a.bin")).toBe(join(folder, "a.bin"));
    expect(await resolveOutput(join(folder, "b.bin"), "a.bin")).toBe(join(folder, "b.bin"));
    expect(await resolveOutput(`${folder}/new/`, "a.bin")).toBe(join(folder, "new", "a.bin"));
    expect(await resolveOutput(undefined, "a.bin")).toBe(resolve("a.bin"));
  });

  test.each(["a.bin", ".hidden", "-dash", "with space", "tệp 📦"])("the name %j becomes the file name", (name) => {
    expect(fileNameFor(name, contentId)).toBe(name);
  });

  test.each([undefined, "", "..", "a/b", "..\\x", "line\nbreak", "CON"])("the name %j does not: the id's digits do", (name) => {
    expect(fileNameFor(name, contentId)).toBe("ab".repeat(32));
  });

  test("the last part of a path is its name", () => {
    expect(nameOfPath("/data/films/")).toBe("films");
  });
});
