#!/usr/bin/env node
// npm links a bin only if its file exists at install time, and the bundle is built later.
//
// To compile the bundle takes longer than to run it, so V8's compiled form of it lies beside it in a cache. It is of use only to the V8
// that made it: any other, or one with other flags, refuses it and compiles the bundle, as it does where there is no cache.
"use strict";
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { constants, Script } = require("node:vm");

const file = join(__dirname, "../dist/peer.cjs");
const cacheFile = join(__dirname, "../dist/peer.cache");
const PARAMETERS = "(function (exports, require, module, __filename, __dirname) { ";

const source = readFileSync(file);
const script = new Script(`${PARAMETERS}${source.latin1Slice()}\n})`, {
  filename: file,
  columnOffset: -PARAMETERS.length,
  cachedData: readCache(),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
// What makes the cache asks for it.
module.exports = script;
script.runInThisContext()({}, require, module, file, dirname(file));

/** The cache, if it was made of this very bundle: V8 itself compares no more than the length. */
function readCache() {
  let cache;
  try {
    cache = readFileSync(cacheFile);
  } catch {
    return undefined; // It only saves time.
  }
  const digest = createHash("sha256").update(source).digest();
  return digest.equals(cache.subarray(0, digest.length)) ? cache.subarray(digest.length) : undefined;
}
