// A bundle starts faster with what V8 has compiled of it: `bin/<name>.cjs` reads that from dist/<name>.cache.
import { build } from "esbuild";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const RUN_MAX_MS = 60_000;
const CONTENT_BYTES = 1024 * 1024;

/**
 * Makes dist/peer.cache out of a whole download on loopback, for V8 keeps of each function what has run. Run in the folder of the app.
 * @param {import("esbuild").BuildOptions} options how to bundle, for the tracker that the download needs.
 */
export async function cachePeer(options) {
  const folder = await mkdtemp(join(tmpdir(), "piecewise-bundle-"));
  const children = [];
  const start = async (...args) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], timeout: RUN_MAX_MS });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const { event, address } = JSON.parse(line);
      if (event === "listening" || event === "serving") return address;
    }
    throw new Error(`${args.join(" ")} ended before it served`);
  };
  try {
    await build({ ...options, entryPoints: ["../tracker/src/entry/tracker.ts"], outdir: folder });
    await writeFile(join(folder, "content"), Buffer.alloc(CONTENT_BYTES, "content"));
    const tracker = await start(join(folder, "tracker.cjs"), "--listen", "127.0.0.1:0", "--json");
    await start("bin/peer.cjs", "share", join(folder, "content"), "--tracker", tracker, "--listen", "127.0.0.1:0", "--json");
    const download = ["download", "content", "--tracker", tracker, "--output", join(folder, "downloaded")];
    const maker = fileURLToPath(new URL("make-cache.cjs", import.meta.url));
    await promisify(execFile)(process.execPath, [maker, "peer", ...download], { timeout: RUN_MAX_MS });
  } finally {
    for (const child of children) {
      const ended = once(child, "exit");
      if (child.kill()) await ended;
    }
    await rm(folder, { recursive: true });
  }
}
