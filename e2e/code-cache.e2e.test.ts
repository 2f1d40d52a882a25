import { appendFile, cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { appPath, RunningProcess } from "./processes.js";
import { openTempFolder } from "./temp-folder.js";

/** Changes something about a copy of the app, and says whether V8 may take the cache then; undefined if it is not even offered. */
type Case = readonly [what: string, rejected: boolean | undefined, change: (dist: string) => Promise<void>];

const CASES: readonly Case[] = [
  ["as it was built", false, async () => {}],
  ["no cache", undefined, (dist) => rm(`${dist}/peer.cache`)],
  ["an empty cache", undefined, (dist) => truncate(`${dist}/peer.cache`)],
  ["the cache of another bundle of the same length", undefined, rewrite],
  ["the cache of a longer bundle", undefined, (dist) => appendFile(`${dist}/peer.cjs`, "\n")],
  ["the cache of another V8", true, spoilCache],
];

test.each(CASES)("peer runs with %s", async (_what, rejected, change) => {
  await using folder = await openTempFolder();
  const bin = appPath("peer");
  await cp(dirname(bin), folder.join("bin"), { recursive: true });
  await cp(`${dirname(dirname(bin))}/dist`, folder.join("dist"), { recursive: true });
  await change(folder.join("dist"));
  const launcher = folder.join("launcher.cjs");
  await writeFile(launcher, 'const { cachedDataRejected } = require("./bin/peer.cjs"); console.log(String(cachedDataRejected));\n');

  await using peer = new RunningProcess(launcher, ["--version"]);
  expect(await peer.exited, peer.transcript()).toEqual({ code: 0, signal: null });
  expect(peer.stderr).toEqual([]);
  expect(peer.stdout.toSorted()).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/), String(rejected)]);
});

/** Another text of the same length that does the same. */
async function rewrite(dist: string): Promise<void> {
  const bundle = await readFile(`${dist}/peer.cjs`, "latin1");
  await writeFile(`${dist}/peer.cjs`, bundle.replace('"use strict"', "'use strict'"), "latin1");
}

/** Behind the digest of the bundle V8 notes which version it is. */
async function spoilCache(dist: string): Promise<void> {
  const DIGEST_BYTES = 32;
  const cache = await readFile(`${dist}/peer.cache`);
  cache.fill(0xff, DIGEST_BYTES, DIGEST_BYTES + 16);
  await writeFile(`${dist}/peer.cache`, cache);
}
