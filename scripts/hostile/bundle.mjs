import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "../setup.mjs";

/** Makes one file of the hostile programs, which are in TypeScript. @returns its path. */
export async function bundleHostile() {
  const folder = join(root, "node_modules/.cache/hostile");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `main-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, "e2e/hostile/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    conditions: ["@piecewise/source"],
    external: ["@grpc/*"],
    // The modules find the contract by where they lie.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, "e2e/plain-grpc.ts")).href) },
    logLevel: "warning",
  });
  return outfile;
}
