import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { replay } from "../testing/scenario.js";

// How a scenario is written: see ../testing/scenario.ts. With PIECEWISE_WRITE_SCENARIOS=1 the commands in the files are written anew, to be
// read and judged before they are committed.
const folder = new URL("testdata/", import.meta.url);
const isWriting = process.env["PIECEWISE_WRITE_SCENARIOS"] === "1";

test.each(readdirSync(folder).filter((name) => name.endsWith(".txt")))("%s", (name) => {
  const file = new URL(name, folder);
  const text = readFileSync(file, "utf8");
  const replayed = replay(text);
  if (isWriting) writeFileSync(file, replayed);
  expect(replayed).toBe(text);
});
