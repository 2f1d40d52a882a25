// The tracker and the peers of the demo: the real binaries, spoken to as any other program would, through flags and JSON events.
import { join } from "node:path";
import { Failure } from "../processes/processes.mjs";
import { root } from "../setup.mjs";
import { createProgressLine } from "./progress-line.mjs";

const START_MAX_MS = 30_000;
const SHARE_MAX_MS = 120_000;
const DOWNLOAD_MAX_MS = 300_000;
const ANY_PORT = "127.0.0.1:0";

/** Starts a tracker on a port of its own choice. @returns its process and `address`. */
export async function startTracker(processes) {
  const tracker = startProgram(processes, "tracker", ["--listen", ANY_PORT]);
  let address;
  await tracker.until(START_MAX_MS, (line) => {
    address = /^tracker listening on (\S+)$/.exec(line)?.[1];
    return address !== undefined;
  });
  return { process: tracker.process, address };
}

/** Starts a peer that shares `paths`. @returns its process, `address`, and one `shared` event for each path in `contents`. */
export async function startSeeder(processes, tracker, paths) {
  const seeder = startProgram(processes, "peer", ["share", ...paths, "--tracker", tracker, "--listen", ANY_PORT, "--json"]);
  const contents = [];
  let address;
  await seeder.until(SHARE_MAX_MS, (line) => {
    const event = JSON.parse(line);
    if (event.event === "shared") contents.push(event);
    if (event.event === "serving") address = event.address;
    return contents.length === paths.length && address !== undefined;
  });
  return { process: seeder.process, address, contents };
}

/** Fetches `content` by its name, showing progress. @returns the `finished` event and how many `seconds` the peer took in all. */
export async function downloadContent(processes, tracker, content, output) {
  const startedMs = performance.now();
  const peer = startProgram(processes, "peer", ["download", content.name, "--tracker", tracker, "--listen", ANY_PORT, "--output", output, "--json"]);
  const progress = createProgressLine();
  let finished;
  await peer.until(DOWNLOAD_MAX_MS, (line) => {
    const event = JSON.parse(line);
    if (event.event === "progress") progress.show(event);
    if (event.event === "finished") finished = event;
    return finished !== undefined;
  });
  progress.end();
  const seconds = (performance.now() - startedMs) / 1000;
  const code = await peer.process.ended;
  if (code !== 0) throw new Failure(`The peer has fetched "${content.name}", but then ended with code ${code}:\n${peer.process.stderr.join("\n")}`);
  return { ...finished, seconds };
}

/** `until` resolves when `accepts` returns true for a line; the program that ends or takes longer than that is a Failure. */
function startProgram(processes, app, args) {
  let onLine;
  const file = join(root, "node_modules/.bin", app);
  const program = processes.start(file, args, { env: ownEnvironment(), onLine: (line) => onLine(line) });
  const until = (maxMs, accepts) =>
    new Promise((resolve, reject) => {
      let lastLine = "";
      const fail = (what) => reject(new Failure([`${app} ${args.join(" ")}: ${what}`, lastLine, ...program.stderr].join("\n")));
      const timer = setTimeout(() => fail(`not done after ${maxMs / 1000} s`), maxMs);
      const settle = () => {
        clearTimeout(timer);
        onLine = () => {};
      };
      onLine = (line) => {
        lastLine = line;
        try {
          if (accepts(line)) {
            settle();
            resolve();
          }
        } catch (error) {
          settle();
          reject(error);
        }
      };
      program.ended.then((code) => {
        settle();
        fail(`ended with code ${code}`);
      }, reject);
    });
  return { process: program, until };
}

/** Without what the user has set for peers of their own, and without proxies, which have no business on loopback. */
function ownEnvironment() {
  const foreign = Object.keys(process.env).filter((name) => /^(PIECEWISE_|(https?|all|grpc)_proxy$)/i.test(name));
  return Object.fromEntries(foreign.map((name) => [name, undefined]));
}
