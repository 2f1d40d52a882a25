import { PiecewiseError, createPrng } from "@piecewise/base";
import { answerDialBacks } from "./answer-dial-backs.js";
import { createSwarmRegistry } from "../registry.js";
import { REGISTRY_LIMITS, type RegistryLimits } from "../limits.js";
import type { ContentAnnouncement, ContentSummary, SwarmPeer, WatchEvent } from "../registry-calls.js";

/**
 * Runs a scenario and returns its text with the answers that the registry gives, so that a test compares it with the text itself.
 *
 *     lease=30000 leasesMax=2                         the first line: options of the registry
 *     0 register a 10.0.0.1:4001 cafe=3/10:film       peer a holds 3 of 10 pieces of content cafe, shared as "film"
 *     -> lease 30000 renew 9631 as 10.0.0.1:4001
 *
 * Peers are one hex digit, contents a few. `token=` and `seq=` override what a well-behaved peer would send. A piece has 100 bytes
 * unless `piece=` says otherwise. Lines that begin with "->" are answers, with "#" comments.
 *
 * Every peer is found where it is to be listed, unless the first line has `dial=told`. Then `dial` shows who is to be dialled, and
 * `answer 1 a` says that peer a answered the first of them, several peers that it goes by all their ids, none that nobody did.
 */
export function runScenario(text: string): string {
  const [options = "", ...lines] = text.trimEnd().split("\n");
  const run = createRunner(parsePairs(options.split(" ")));
  const output = [options];
  for (const line of lines) {
    if (line.startsWith("->")) continue;
    output.push(line);
    if (!line.startsWith("#")) output.push(...run(line));
  }
  return `${output.join("\n")}\n`;
}

type Pairs = ReadonlyMap<string, string>;
type Command = (args: readonly string[], pairs: Pairs, nowMs: number) => string[];

const OPTIONS = /^(token|seq|nonce|advertise|piece|asker|from|max|filter|prefix|size|page)=/;

const parsePairs = (words: readonly string[]): Pairs =>
  new Map(words.filter((word) => word.includes("=")).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));

const peerIdOf = (peer: string): string => peer.repeat(32);
const contentIdOf = (content: string): string => `sha256:${content.padEnd(64, "0")}`;
const contentOf = (contentId: string): string => contentId.slice("sha256:".length).replace(/0+$/, "");

/** `cafe=3/10:film` */
function parseAnnouncement(word: string, pieceLength: number): ContentAnnouncement {
  const [, content = "", held, total, name] = /^\+?([0-9a-f]+)=(\d+)\/(\d+)(?::(.*))?$/.exec(word) ?? [];
  const progress = { piecesHeld: Number(held), coarseMap: new Uint8Array() };
  return {
    contentId: contentIdOf(content),
    name: name ?? content,
    totalBytes: Number(total) * pieceLength,
    pieceLength,
    entryCount: 1,
    progress,
  };
}

function createRunner(options: Pairs): (line: string) => string[] {
  const limits = Object.fromEntries(
    Object.entries(REGISTRY_LIMITS).map(([name, value]) => [name, Number(options.get(name) ?? value)]),
  ) as unknown as RegistryLimits;
  let tokenCount = 0;
  const createToken = (): string => String((tokenCount += 1)).padStart(2, "0");
  const registry = createSwarmRegistry({ leaseMs: Number(options.get("lease")), prng: createPrng(1), createToken, nowMs: 0, limits });
  const tokens = new Map<string, string>();
  const sequences = new Map<string, bigint>();

  const tokenOf = (peer: string, pairs: Pairs): string => pairs.get("token") ?? tokens.get(peer) ?? "";
  const nextSequence = (peer: string, pairs: Pairs): bigint => {
    const sequence = BigInt(pairs.get("seq") ?? (sequences.get(peer) ?? 0n) + 1n);
    sequences.set(peer, sequence);
    return sequence;
  };
  const asker = (pairs: Pairs) => ({
    peersMax: Number(pairs.get("max") ?? 0),
    askerPeerId: pairs.has("asker") ? peerIdOf(pairs.get("asker")!) : "",
    askerHost: pairs.get("from") ?? "10.9.9.9",
  });

  const isTold = options.get("dial") === "told";
  const dialUnlessTold = (nowMs: number): void => {
    if (!isTold) answerDialBacks(registry, nowMs);
  };
  const listingOf = (peer: string): string => {
    const { listedAddress, reachability } = registry.listingOf(peerIdOf(peer))!;
    return listedAddress === "" ? reachability : listedAddress;
  };
  const nonces = new Map<number, string>();

  const commands: Record<string, Command> = {
    register([peer = "", place = "", ...contents], pairs, nowMs) {
      const grant = registry.register(
        {
          peerId: peerIdOf(peer),
          observedHost: place.slice(0, place.lastIndexOf(":")),
          port: Number(place.slice(place.lastIndexOf(":") + 1)),
          advertisedAddress: pairs.get("advertise") ?? "",
          contents: contents.map((word) => parseAnnouncement(word, Number(pairs.get("piece") ?? 100))),
          sequence: nextSequence(peer, pairs),
          leaseToken: tokenOf(peer, pairs),
        },
        nowMs,
      );
      tokens.set(peer, grant.leaseToken);
      dialUnlessTold(nowMs);
      return [`lease ${grant.leaseMs} renew ${grant.renewAfterMs} as ${listingOf(peer)}`];
    },
    renew([peer = "", host = "", ...changes], pairs, nowMs) {
      const progress = changes.filter((word) => /^[0-9a-f]/.test(word)).map((word) => word.split("=") as [string, string]);
      const term = registry.renew(
        {
          peerId: peerIdOf(peer),
          observedHost: host,
          leaseToken: tokenOf(peer, pairs),
          sequence: nextSequence(peer, pairs),
          added: changes.filter((word) => word.startsWith("+")).map((word) => parseAnnouncement(word, Number(pairs.get("piece") ?? 100))),
          removed: changes.filter((word) => word.startsWith("-")).map((word) => contentIdOf(word.slice(1))),
          progress: progress.map(([content, held]) => ({
            contentId: contentIdOf(content),
            piecesHeld: Number(held),
            coarseMap: new Uint8Array(),
          })),
        },
        nowMs,
      );
      dialUnlessTold(nowMs);
      return [`lease ${term.leaseMs} renew ${term.renewAfterMs}${isTold ? ` as ${listingOf(peer)}` : ""}`];
    },
    dial(_args, _pairs, nowMs) {
      const due = registry.takeDialBacks(nowMs);
      for (const { dialBackId, nonce } of due) nonces.set(dialBackId, nonce);
      const shown = due.map(({ dialBackId, address, peerId }) => `${dialBackId}: is ${peerId[0]} at ${address}?`);
      return shown.length > 0 ? shown : [`nobody, next deadline ${registry.nextDeadlineMs}`];
    },
    answer([id = "", ...peers], pairs, nowMs) {
      const answer = { nonce: pairs.get("nonce") ?? nonces.get(Number(id))!, peerIds: peers.map(peerIdOf) };
      registry.dialBackEnded(Number(id), peers.length > 0 ? answer : undefined, nowMs);
      return ["done"];
    },
    unregister([peer = ""], pairs, nowMs) {
      registry.unregister(peerIdOf(peer), tokenOf(peer, pairs), nowMs);
      return ["done"];
    },
    lookup([what = ""], pairs, nowMs) {
      const query = what.startsWith("name:") ? { name: what.slice("name:".length) } : { contentId: contentIdOf(what) };
      const answer = registry.lookup({ ...asker(pairs), what: query, pieceLength: Number(pairs.get("piece") ?? 0) }, nowMs);
      return [...answer.contents.map(renderSummary), `peers${renderPeers(answer.peers)}`];
    },
    list(_args, pairs, nowMs) {
      const [filter = "", idPrefix = "", page = ""] = ["filter", "prefix", "page"].map((name) => pairs.get(name));
      const pageToken = page === "" ? "" : page.padEnd(64, "0");
      const answer = registry.listContents({ filter, idPrefix, pageSize: Number(pairs.get("size") ?? 0), pageToken }, nowMs);
      return [
        ...answer.contents.map(renderSummary),
        answer.nextPageToken === "" ? "last page" : `next page ${answer.nextPageToken.replace(/0+$/, "")}`,
      ];
    },
    watch: ([content = ""], pairs, nowMs) => [`watch ${registry.openWatch({ ...asker(pairs), contentId: contentIdOf(content) }, nowMs)}`],
    advance: (_args, _pairs, nowMs) => [...registry.advance(nowMs).map(renderEvent), `next deadline ${registry.nextDeadlineMs}`],
    pause([id], _pairs, nowMs) {
      registry.pauseWatch(Number(id), nowMs);
      return ["done"];
    },
    resume([id]) {
      registry.resumeWatch(Number(id));
      return ["done"];
    },
    close([id]) {
      registry.closeWatch(Number(id));
      return ["done"];
    },
    stats: (_args, _pairs, nowMs) => [
      Object.entries(registry.stats(nowMs))
        .map(([name, value]) => `${name} ${value}`)
        .join(" "),
    ],
  };

  return (line) => {
    const [time = "", command = "", ...words] = line.split(" ");
    const args = words.filter((word) => !OPTIONS.test(word));
    try {
      return commands[command]!(args, parsePairs(words.filter((word) => OPTIONS.test(word))), Number(time)).map((answer) => `-> ${answer}`);
    } catch (error) {
      if (!(error instanceof PiecewiseError)) throw error;
      return [`-> ${error.code}: ${error.message}${error.retryAfterMs === undefined ? "" : ` (retry after ${error.retryAfterMs})`}`];
    }
  };
}

const renderPeers = (peers: readonly SwarmPeer[]): string =>
  peers
    .map(({ address, piecesHeld }) => ` ${address}(${piecesHeld})`)
    .toSorted()
    .join("");

const renderSummary = (summary: ContentSummary): string =>
  `${contentOf(summary.contentId)} "${summary.names.join('" "')}" ${summary.totalBytes} bytes, pieces of ${summary.pieceLength}, ${summary.seedCount} seeds, ${summary.leecherCount} leechers`;

function renderEvent(event: WatchEvent): string {
  if (event.kind === "stalled") return `watch ${event.watchId} stalled`;
  const removed = event.removed.toSorted().map((address) => ` ${address}`);
  return `watch ${event.watchId}: added${renderPeers(event.added)}, removed${removed.join("")}`;
}
