import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEBIAN_PACKAGES_TIMEOUT_MS, requireDebianPackages } from "./debian-packages.js";
import { childEnvironment, type RunningProcess, type RunningTracker, startPeer, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COMMANDS_TIMEOUT_MS = 60_000;

/** What brought the binaries here, and so has been run. */
const RUN_BEFORE = new Set(["npm run demo", "npm test", "npm ci && npm run build", 'export PATH="$PWD/node_modules/.bin:$PATH"']);
/** What all other commands talk to: started once, on ports of its own. */
const STARTED = new Set(["tracker", "peer share LICENSE", "tracker\npeer share LICENSE --listen 127.0.0.1:50052"]);

interface Example {
  readonly commands: string;
  /** What the document shows as their output, if it shows any. */
  readonly output: string | undefined;
}

/** The commands of a document, block by block. */
function examplesOf(path: string): Example[] {
  const blocks = [...readFileSync(`${ROOT}${path}`, "utf8").matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map(([, language, text]) => ({ language, text: text! }));
  return blocks.flatMap(({ language, text }, i) => {
    const next = blocks[i + 1];
    return language === "bash" ? [{ commands: text, output: next?.language === "" ? next.text : undefined }] : [];
  });
}

/** Without what differs from run to run. */
const alike = (output: string): string => output.replace(/127\.0\.0\.1:\d+/g, "ADDRESS").replace(/^saved: .*\//gm, "saved: ").trimEnd();

describe("the commands of the documents, as written", () => {
  let folder: TempFolder;
  let tracker: RunningTracker;
  let seeder: RunningProcess;
  let peerAddress: string;

  beforeAll(async () => {
    folder = await openTempFolder();
    await copyFile(`${ROOT}LICENSE`, folder.join("LICENSE"));
    for (const name of ["proto", "node_modules"]) await symlink(`${ROOT}${name}`, folder.join(name));
    await mkdir(folder.join("bin"));
    await writeCommand("grpcurl", `'${process.execPath}' '${ROOT}e2e/grpcurl.mjs'`);
    await writeCommand("python3", "/usr/bin/python3"); // Debian's: only there are its packages found.
    tracker = await startTracker();
    seeder = startPeer(["share", "LICENSE"], { cwd: folder.path, env: { PIECEWISE_TRACKER: tracker.address } });
    peerAddress = (await seeder.waitForLine(/^serving on (\S+) /))[1]!;
  });

  afterAll(async () => {
    await seeder.stop();
    await tracker.process.stop();
    await folder[Symbol.asyncDispose]();
  });

  const writeCommand = (name: string, command: string): Promise<void> =>
    writeFile(folder.join("bin", name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });

  /** Runs commands in a shell, against the processes of this test. Fails, with what they said, if one of them does. */
  async function run(commands: string): Promise<string> {
    const here = commands.replaceAll("127.0.0.1:50051", tracker.address).replaceAll(/127\.0\.0\.1:(PORT|50052)/g, peerAddress);
    const path = [folder.join("bin"), folder.join("node_modules/.bin"), process.env["PATH"]].join(delimiter);
    const env = childEnvironment({ PATH: path, PIECEWISE_TRACKER: tracker.address });
    const { stdout } = await promisify(execFile)("bash", ["-euc", here], { cwd: folder.path, env, timeout: COMMANDS_TIMEOUT_MS });
    return stdout;
  }

  describe.each(["README.md", "proto/README.md"])("%s", (path) => {
    const examples = examplesOf(path).filter(({ commands }) => !RUN_BEFORE.has(commands));

    test("starts what the others need", () => {
      const started = examples.filter(({ commands }) => STARTED.has(commands));
      expect(started.length).toBeGreaterThan(0);
      const printed: Record<string, string> = { tracker: tracker.process.stdout.join("\n"), "peer share LICENSE": seeder.stdout.join("\n") };
      const shown = started.filter(({ output }) => output !== undefined);
      expect(shown.map(({ commands }) => alike(printed[commands]!))).toEqual(shown.map(({ output }) => alike(output!)));
    });

    test.for(examples.filter(({ commands }) => !STARTED.has(commands)))(
      "$commands",
      { timeout: DEBIAN_PACKAGES_TIMEOUT_MS + COMMANDS_TIMEOUT_MS },
      async ({ commands, output }, { skip }) => {
        const missing = commands.includes("grpc_tools") ? await requireDebianPackages("python3-grpc-tools") : undefined;
        skip(missing !== undefined, missing);
        const printed = { output: alike(await run(commands)) };
        expect(printed).toMatchObject(output === undefined ? {} : { output: alike(output) });
      },
    );
  });
});
