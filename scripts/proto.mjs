// npm run proto          generates libs/contract/src/gen from the .proto files
// npm run proto:check    fails if that is out of date, or if the .proto files break a rule, their format, or the last release
// npm run proto:release  makes the .proto files of now the last release, proto/released.binpb
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, withProcesses } from "./processes/processes.mjs";
import { bin, bufEnv, root } from "./setup.mjs";

const GENERATED = "libs/contract/src/gen";
const RELEASED = "proto/released.binpb";

/** @throws Failure with what is wrong. */
export async function checkProto(processes) {
  await buf(processes, ["lint"], "The .proto files break a rule");
  await buf(processes, ["format", "--diff", "--exit-code"], "The .proto files are not formatted: node_modules/.bin/buf format -w does it");
  await buf(processes, ["breaking", "proto", "--against", RELEASED], "The .proto files break clients of the last release");
  await checkGenerated(processes);
}

async function checkGenerated(processes) {
  const fresh = mkdtempSync(join(tmpdir(), "piecewise-proto-"));
  try {
    await generate(processes, fresh);
    const expected = readTree(join(fresh, GENERATED));
    const actual = readTree(join(root, GENERATED));
    const differing = [...new Set([...expected.keys(), ...actual.keys()])].filter((path) => expected.get(path) !== actual.get(path));
    if (differing.length > 0) throw new Failure(`Generated code is out of date, run npm run proto: ${differing.join(", ")}`);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

const generate = (processes, folder) => buf(processes, ["generate", "--output", folder], "The code could not be generated");

const release = (processes) =>
  buf(processes, ["build", "proto", "--output", RELEASED, "--exclude-source-info"], "The release could not be written");

async function buf(processes, args, complaint) {
  const { code, stdout, stderr } = await processes.capture(bin("buf"), args, { cwd: root, env: bufEnv });
  if (code !== 0) throw new Failure(`${complaint}:\n${stdout}${stderr}`);
}

function readTree(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name));
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path, "utf8")]));
}

const commands = { generate: (processes) => generate(processes, root), check: checkProto, release };

if (process.argv[1] === fileURLToPath(import.meta.url)) await withProcesses(commands[process.argv[2]]);
