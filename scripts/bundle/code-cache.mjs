// A bundle starts faster with what V8 has compiled of it: `bin/<name>.cjs` reads that from dist/<name>.cache.
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const RUN_MAX_MS = 60_000;
const CONTENT_BYTES = 8 * 1024 * 1024;
/** So slow that those who download have time to serve each other. */
const SEEDER_LIMIT = "8M";

/**
 * Makes dist/peer.cache out of two downloads on loopback that serve each other, for V8 keeps of each function what has run. Run in the folder
 * of the app.
 * @param {import("esbuild").BuildOptions} options how to bundle, for the tracker that the downloads need.
 */
export async function cachePeer(options) {
  const folder = await mkdtemp(join(tmpdir(), "piecewise-bundle-"));
  const children = [];
  const start = (...args) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], timeout: RUN_MAX_MS });
    children.push(child);
    return child;
  };
  try {
    await build({ ...options, entryPoints: ["../tracker/src/entry/tracker.ts"], outdir: folder });
    await writeFile(join(folder, "content"), Buffer.alloc(CONTENT_BYTES, "content"));
    const { address } = await eventOf(start(join(folder, "tracker.cjs"), "--listen", "127.0.0.1:0", "--json"), "listening");
    const flags = ["--tracker", address, "--listen", "127.0.0.1:0", "--json"];
    await eventOf(start("bin/peer.cjs", "share", join(folder, "content"), ...flags, "--upload-limit", SEEDER_LIMIT), "serving");
    const maker = fileURLToPath(new URL("make-cache.cjs", import.meta.url));
    const download = (name) => ["download", "content", ...flags, "--seed", "--output", join(folder, name)];
    const [made, other] = [start(maker, "peer", ...download("made")), start("bin/peer.cjs", ...download("other"))];
    await Promise.all([eventOf(made, "finished"), eventOf(other, "finished")]);
    await end(made);
    if (made.exitCode !== 0) throw new Error(`${made.spawnargs.join(" ")} ended with ${made.exitCode ?? made.signalCode}`);
  } finally {
    for (const child of children) await end(child);
    await rm(folder, { recursive: true });
  }
}

/** The first of these events that the child tells of. What it tells later is read by nobody, and not missed. */
async function eventOf(child, name) {
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.event === name) return event;
  }
  throw new Error(`${child.spawnargs.join(" ")} ended before it was ${name}`);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (child.kill()) await ended;
}
