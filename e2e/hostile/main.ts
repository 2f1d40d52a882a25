import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { parseHostPort } from "@piecewise/base";
import { type ListenOn, LyingPeer } from "../lying-peer.js";
import { LyingTracker } from "../lying-tracker.js";
import { describeFile, type TestContent } from "../test-content.js";
import { CALLER_ATTACKS } from "./caller-attacks.js";
import { Flood } from "./flood.js";
import { contentOfManifest, ILLEGAL_MANIFESTS, largestManifest } from "./illegal-manifests.js";
import { behaviourOf, PEER_LIES } from "./peer-lies.js";
import { TRACKER_LIES, trackerAnswersOf } from "./tracker-lies.js";

const REPORT_MS = 1_000;
const COUNT_DEFAULT = 10_000;
const PIECE_LENGTH_DEFAULT = 262_144;

const namesOf = (entries: Readonly<Record<string, { readonly what: string }>>): string =>
  Object.entries(entries).map(([name, { what }]) => `  ${name.padEnd(26)} ${what}`).join("\n");

const USAGE = `A peer, a tracker and a caller that do what they should not, to see what becomes of those that they meet. Use them against your own
processes only. Each runs until Ctrl-C and prints what it is asked, or what it is answered.

npm run hostile -- peer --lie NAME FILE [--listen HOST:PORT] [--tracker HOST:PORT] [--piece-length BYTES]
  serves FILE; with --manifest NAME instead of FILE a manifest that nobody may follow
npm run hostile -- tracker --lie NAME [--listen HOST:PORT] [--content ID] [--address HOST:PORT]...
  tells of a content, and of the addresses besides the lie
npm run hostile -- caller --attack NAME --target HOST:PORT --content ID [--count N] [--pieces N] [--peer-id HEX]
  calls a peer N times (${COUNT_DEFAULT}), and prints what became of the calls

Lies of the peer:
${namesOf(PEER_LIES)}

Manifests:
${[...Object.keys(ILLEGAL_MANIFESTS), "the largest"].map((name) => `  "${name}"`).join("\n")}

Lies of the tracker:
${namesOf(TRACKER_LIES)}

Attacks of the caller:
${namesOf(CALLER_ATTACKS)}`;

class WrongUsage extends Error {}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean" },
    lie: { type: "string" },
    manifest: { type: "string" },
    attack: { type: "string" },
    listen: { type: "string", default: "127.0.0.1:0" },
    tracker: { type: "string" },
    target: { type: "string" },
    content: { type: "string", default: `sha256:${"0".repeat(64)}` },
    address: { type: "string", multiple: true, default: [] },
    count: { type: "string", default: String(COUNT_DEFAULT) },
    pieces: { type: "string", default: "1" },
    "peer-id": { type: "string", default: "00".repeat(16) },
    "piece-length": { type: "string", default: String(PIECE_LENGTH_DEFAULT) },
  },
});

function chosen<Value>(from: Readonly<Record<string, Value>>, name: string | undefined, what: string): Value {
  const value = name === undefined ? undefined : from[name];
  if (value === undefined) throw new WrongUsage(`${what} ${name === undefined ? "is missing" : `"${name}" does not exist`}; --help lists them`);
  return value;
}

const listenOn = (): ListenOn => parseHostPort(values.listen, "the listen address");
const say = (fields: object): void => console.log(JSON.stringify(fields));
const sayCall = (method: string): void => say({ event: "call", method });

async function contentToServe(file: string | undefined): Promise<TestContent> {
  const manifests = { ...ILLEGAL_MANIFESTS, "the largest": largestManifest };
  if (values.manifest !== undefined) return contentOfManifest(chosen(manifests, values.manifest, "the manifest")());
  if (file === undefined) throw new WrongUsage("the file to serve is missing");
  return describeFile(file, Number(values["piece-length"]));
}

async function runPeer(file: string | undefined): Promise<void> {
  if (values.manifest === undefined) chosen(PEER_LIES, values.lie, "the lie");
  const content = await contentToServe(file);
  const peer = await LyingPeer.start(content, values.lie === undefined ? {} : behaviourOf(values.lie, content), listenOn());
  peer.calls.onCall = sayCall;
  if (values.tracker !== undefined) await peer.register(values.tracker, "film.bin");
  say({ event: "listening", address: peer.address, contentId: content.contentId });
}

async function runTracker(): Promise<void> {
  chosen(TRACKER_LIES, values.lie, "the lie");
  const tracker = await LyingTracker.start(trackerAnswersOf(values.lie!, { contentId: values.content, addresses: values.address }), listenOn());
  tracker.calls.onCall = sayCall;
  say({ event: "listening", address: tracker.address });
}

async function runCaller(): Promise<void> {
  const attack = chosen(CALLER_ATTACKS, values.attack, "the attack");
  if (values.target === undefined) throw new WrongUsage("the target is missing: --target HOST:PORT");
  const target = { address: values.target, contentId: values.content, count: Number(values.count), pieces: Number(values.pieces), peerId: Buffer.from(values["peer-id"], "hex") };
  const flood = new Flood();
  void attack.run(target, flood).then(() => say({ event: "begun" }));
  for (;;) {
    say({ event: "report", ...flood.report() });
    await pause(REPORT_MS);
  }
}

const [role, file] = positionals;
try {
  if (values.help === true || role === undefined) console.log(USAGE);
  else if (role === "peer") await runPeer(file);
  else if (role === "tracker") await runTracker();
  else if (role === "caller") await runCaller();
  else throw new WrongUsage(`"${role}" is neither peer nor tracker nor caller; --help lists what there is`);
} catch (error) {
  if (!(error instanceof WrongUsage)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
