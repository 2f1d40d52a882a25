import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../processes/lock.mjs";
import { Failure, withProcesses } from "../processes/processes.mjs";
import { bin, bufEnv, buildBinaries, install, root } from "../setup.mjs";
import { compareFile, compareTree } from "./compare.mjs";
import { mib } from "./mib.mjs";
import { pickFile, pickTree } from "./pick.mjs";
import { downloadContent, startSeeder, startTracker } from "./swarm.mjs";

const SEEDERS = 3;
const OUTPUT = "demo-output";
/** As long as a demo that was stopped may need to end its processes. */
const LAST_DEMO_ENDS_MS = 5_000;

await withProcesses(async (processes) => {
  await install(processes);
  await buildBinaries(processes);
  const lock = {
    holderPid: processes.holderPid,
    waitMs: LAST_DEMO_ENDS_MS,
    busy: (pid) => `Process ${pid} runs a demo in this folder already: wait for its end.`,
  };
  await withLock(join(root, ".nx/demo.lock"), lock, () => show(processes));
});

async function show(processes) {
  rmSync(join(root, OUTPUT), { recursive: true, force: true });
  mkdirSync(join(root, OUTPUT));
  const file = pickFile();
  const tree = pickTree();

  headline("A tracker and three peers that share a file and a folder, each a process of its own");
  const tracker = await startTracker(processes);
  console.log(`tracker   ${tracker.address}`);
  console.log(`file      ${file.path} (${mib(file.bytes)})`);
  console.log(`folder    ${tree.path} (${tree.files} files, ${mib(tree.bytes)})`);
  const paths = [file.path, tree.path];
  const seeders = await Promise.all(Array.from({ length: SEEDERS }, () => startSeeder(processes, tracker.address, paths)));
  for (const [index, seeder] of seeders.entries()) console.log(`seeder ${index + 1}  ${seeder.address}`);

  const downloads = [];
  for (const content of seeders[0].contents) {
    headline(`A fourth peer fetches "${content.name}" from all of them`);
    downloads.push({ content, ...(await downloadContent(processes, tracker.address, content, join(root, OUTPUT, content.name))) });
  }

  headline("Is every byte right?");
  const digest = await compareFile(file.path, downloads[0].path);
  console.log(`SHA-256 of ${file.name}: ${digest}, the same as the original's`);
  const compared = await compareTree(tree.path, downloads[1].path);
  console.log(`SHA-256 of ${compared} files of ${tree.name}: all the same as the originals'`);

  headline("Everything is a gRPC call that other programs can make");
  await callTracker(processes, tracker.address, file.name);

  headline("Summary");
  for (const download of downloads) summarize(download, seeders);

  await Promise.all([...seeders.map((seeder, index) => endWell(`seeder ${index + 1}`, seeder)), endWell("the tracker", tracker)]);
  console.log(`\nThe files are in ${OUTPUT}/, and no process is left. Next: the README shows how to do this from three terminals.`);
}

async function callTracker(processes, address, name) {
  const request = JSON.stringify({ name });
  const url = `http://${address}/piecewise.v1.TrackerService/Lookup`;
  const options = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];
  console.log(`$ node_modules/.bin/buf ${options.join(" ")} -d '${request}' ${url}`);
  const { code, stdout, stderr } = await processes.capture(bin("buf"), [...options, "-d", request, url], { cwd: root, env: bufEnv });
  if (code !== 0) throw new Failure(`The call failed: ${stderr}`);
  console.log(stdout.trimEnd());
}

function summarize({ content, bytes, seconds, peers }, seeders) {
  console.log(`${content.name}: ${mib(bytes)} in ${content.pieces} pieces, ${seconds.toFixed(1)} s, ${mib(bytes / seconds)}/s with start-up and verification`);
  for (const [index, { address }] of seeders.entries()) {
    const given = peers.find((peer) => peer.address === address) ?? { pieces: 0, bytes: 0 };
    console.log(`  seeder ${index + 1}  ${address.padEnd(21)}  ${String(given.pieces).padStart(5)} pieces  ${mib(given.bytes).padStart(10)}`);
  }
}

async function endWell(title, { process }) {
  await process.stop();
  const code = await process.ended;
  if (code !== 0) throw new Failure(`Every byte is right, but ${title} ended with code ${code}:\n${process.stderr.join("\n")}`);
}

function headline(text) {
  console.log(`\n== ${text}`);
}
