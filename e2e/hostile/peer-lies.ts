import * as lies from "../lies.js";
import type { Behaviour } from "../lying-peer.js";
import type { TestContent } from "../test-content.js";

/** Something that a peer can do to those who download from it. */
export interface PeerLie {
  readonly what: string;
  behaviour(content: TestContent): Behaviour;
}

const MIB = 1_048_576;
const MANY = 10_000;

/** Where nobody should let a stranger send it: the metadata of a cloud, this machine to connect(), everybody, and this machine again. */
export const FORBIDDEN_ADDRESSES = ["169.254.169.254:80", "0.0.0.0:80", "[::]:80", "224.0.0.1:80", "[fe80::1]:80", "2852039166:80", "[::ffff:169.254.169.254]:80"];
/** As many addresses as fit into one message. */
export const MANY_ADDRESSES = Array.from({ length: MANY }, (_, index) => `127.0.${1 + (index >> 8)}.${index & 255}:1`);

const lie = (what: string, behaviour: Behaviour | ((content: TestContent) => Behaviour)): PeerLie => ({
  what,
  behaviour: typeof behaviour === "function" ? behaviour : () => behaviour,
});

/** Everything, by the name under which it is run. */
export const PEER_LIES: Readonly<Record<string, PeerLie>> = {
  "manifest-of-another": lie("a manifest that the id is not the hash of", ({ manifestBytes }) => ({ getManifest: lies.otherManifest(Buffer.alloc(manifestBytes.length, 10)) })),
  "manifest-empty": lie("a manifest without bytes", { getManifest: lies.otherManifest(Buffer.alloc(0)) }),
  "manifest-cut-short": lie("all of the manifest but its last byte", ({ manifestBytes }) => ({ getManifest: lies.otherManifest(manifestBytes.subarray(0, -1)) })),
  "manifest-and-more": lie("the manifest and one byte more", ({ manifestBytes }) => ({ getManifest: lies.otherManifest(Buffer.concat([manifestBytes, Buffer.of(0)])) })),
  "manifest-endless": lie("a manifest without end", { getManifest: lies.endlessManifest(MIB) }),
  "manifest-empty-parts": lie("a manifest in parts without bytes, without end", { getManifest: lies.endlessManifest(0) }),
  "manifest-silent": lie("no word about the manifest", { getManifest: lies.noManifest }),
  "manifest-byte-by-byte": lie("the manifest, one byte a second", { getManifest: lies.manifestByteByByte }),

  "wrong-bytes": lie("wrong bytes in every piece", { getPiece: lies.wrongBytes() }),
  "wrong-byte-in-some": lie("one wrong byte in every other piece", { getPiece: lies.wrongBytes((piece) => piece % 2 === 1, 100_000, 100_001) }),
  "wrong-where-others-began": lie("wrong bytes where another peer began the piece, right ones elsewhere", {
    getPiece: (request, reply, content) => (request.offset > 0 ? lies.wrongBytes() : lies.honest)(request, reply, content),
  }),
  "chunks-out-of-order": lie("the chunks of a piece in reverse order", { getPiece: lies.outOfOrder }),
  "chunks-overlapping": lie("each chunk twice", { getPiece: lies.overlapping }),
  "chunks-of-another-piece": lie("chunks that say they are of the next piece", { getPiece: lies.ofAnotherPiece }),
  "chunks-empty": lie("chunks without bytes", { getPiece: lies.emptyChunks }),
  "chunk-too-long": lie("a chunk that goes beyond the end of the piece", { getPiece: lies.tooLongChunks }),
  "chunk-huge": lie("a chunk above the largest message", { getPiece: lies.hugeChunks }),
  "chunk-absurd": lie("numbers that no piece has", { getPiece: lies.absurdNumbers }),
  "more-than-asked": lie("all that was asked for, and then more", { getPiece: lies.moreThanAsked }),
  "piece-endless": lie("the last chunk again and again, without end", { getPiece: lies.endless }),
  "message-of-4-gib": lie("the head of a message of 4 GiB, then a byte a second", { getPiece: lies.neverCompletes(0xffff_ffff) }),

  "never-grants": lie("pieces are offered, and no request is ever granted", { getPiece: lies.neverGrants }),
  "grants-and-is-silent": lie("requests are granted, and nothing is sent", { getPiece: lies.silentAfterGrant }),
  "silent-halfway": lie("half of what was asked for, then nothing", { getPiece: lies.silentHalfway }),
  "byte-by-byte": lie("one byte a second", { getPiece: lies.byteByByte }),
  "chunk-never-complete": lie("a chunk that never comes to its end, a byte a second", { getPiece: lies.neverCompletes(65_536) }),
  "ends-early": lie("all but the last chunk, and a good end", { getPiece: lies.endsEarly }),
  "fails-halfway": lie("half of what was asked for, then a failure", { getPiece: lies.failsHalfway }),
  "refuses": lie("what is offered is refused", { getPiece: lies.notOffered }),
  "says-damaged": lie("what is offered is damaged", { getPiece: lies.damaged }),
  "busy-for-a-minute": lie("no time for a minute, whenever it is asked", { getPiece: lies.busy(60_000) }),
  "busy-for-a-moment": lie("to be asked again at once, and then again", { getPiece: lies.busy(0) }),
  "busy-but-says-not": lie("to be asked again at once, and news without end that there is room", {
    getPiece: lies.busy(0),
    watchPieces: lies.floodOfNews({ load: { slotsTaken: 0, slotsMax: 9 } }),
  }),
  "refuses-but-offers": lie("what is offered is refused, and news without end that it is offered", ({ pieceCount }) => ({
    getPiece: lies.notOffered,
    watchPieces: lies.floodOfNews({ added: [{ first: 0, count: pieceCount }] }),
  })),

  "offer-too-short": lie("a bitmap that is too short", { watchPieces: lies.offersBytes(1) }),
  "offer-too-long": lie("a bitmap that is too long", ({ pieceCount }) => ({ watchPieces: lies.offersBytes(Math.ceil(pieceCount / 8) + 1) })),
  "offer-of-3-mib": lie("a bitmap of 3 MiB", { watchPieces: lies.offersBytes(3 * MIB) }),
  "offer-of-8-mib": lie("a bitmap above the largest message", { watchPieces: lies.offersBytes(8 * MIB) }),
  "news-of-no-pieces": lie("news of pieces that do not exist", ({ pieceCount }) => ({
    watchPieces: lies.offersThen({ added: [{ first: pieceCount, count: 0xffff_ffff }] }),
    offered: Buffer.alloc(Math.ceil(pieceCount / 8)),
  })),
  "news-flood": lie("long news without end, and no piece is ever granted", ({ pieceCount }) => ({
    getPiece: lies.neverGrants,
    watchPieces: lies.floodOfNews({ added: Array.from({ length: MANY }, () => ({ first: 0, count: pieceCount })) }),
  })),

  "exchange-flood": lie("as many addresses of other peers as fit into a message, at which nobody is", { exchanged: MANY_ADDRESSES }),
  "exchange-too-large": lie("addresses above the largest message", { exchanged: Array.from({ length: 20 }, () => MANY_ADDRESSES).flat() }),
  "exchange-forbidden": lie("addresses of clouds, of everybody, and of nobody", { exchanged: FORBIDDEN_ADDRESSES }),
};

/** What a peer does that tells this lie. */
export function behaviourOf(name: string, content: TestContent): Behaviour {
  const found = PEER_LIES[name];
  if (found === undefined) throw new RangeError(`there is no lie "${name}"`);
  return found.behaviour(content);
}

/** What each of several does. */
export const behavioursOf = (names: readonly string[], content: TestContent): Record<string, Behaviour> =>
  Object.fromEntries(names.map((name) => [name, behaviourOf(name, content)]));
