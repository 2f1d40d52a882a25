// Runs bin/<name>.cjs of an app with the arguments after the name, and keeps in dist/<name>.cache what V8 has compiled by the end.
const { createHash } = require("node:crypto");
const { readFileSync, writeFileSync } = require("node:fs");
const { resolve } = require("node:path");
const v8 = require("node:v8");

// V8 takes a cache only with the flags that it was made with, and bin/<name>.cjs reads it before the bundle sets its own.
v8.setFlagsFromString = () => {};

const [, , name, ...args] = process.argv;
const bin = resolve("bin", `${name}.cjs`);
process.argv = [process.execPath, bin, ...args];
process.on("exit", (exitCode) => {
  if (exitCode !== 0) return;
  const digest = createHash("sha256").update(readFileSync(`dist/${name}.cjs`)).digest();
  writeFileSync(`dist/${name}.cache`, Buffer.concat([digest, script.createCachedData()]));
});
const script = require(bin);
