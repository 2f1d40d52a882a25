import { setTimeout as pause, setImmediate as nextTurn } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { Message } from "./plain-grpc.js";
import type { TestContent } from "./test-content.js";

/** What a GetPiece call asks for, with the defaults filled in. */
export interface PieceRequest {
  readonly piece: number;
  readonly pieceCount: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface Chunk {
  readonly piece: number;
  readonly offset: number;
  readonly data: Buffer;
}

/** The answer to one call. */
export interface Reply {
  /** The caller has left. */
  readonly isOver: boolean;
  /** Sends the initial metadata. */
  grant(): void;
  /** Resolves when there is room for more, or nobody reads any more. */
  send(message: Message): Promise<void>;
  /** The same with bytes that are no whole message, or none at all. */
  sendRaw(bytes: Uint8Array): Promise<void>;
  end(): void;
  refuse(code: number, reason: string, retryAfterMs?: number): void;
}

/** How a peer answers GetPiece. */
export type PieceAnswer = (request: PieceRequest, reply: Reply, content: TestContent) => Promise<void> | void;
/** How a peer answers WatchPieces, given the first message of an honest one. */
export type WatchAnswer = (first: Message, reply: Reply) => Promise<void> | void;
/** How a peer answers GetManifest. */
export type ManifestAnswer = (reply: Reply, content: TestContent) => Promise<void> | void;

/** Several to a piece of the tests, so that they can be mixed up. */
const CHUNK_BYTES = 65_536;
const MANIFEST_PART_BYTES = 262_144;
const TRICKLE_MS = 1_000;

async function chunksOf({ piece, pieceCount, offset, bytes }: PieceRequest, content: TestContent): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (let at = piece; at < piece + pieceCount; at += 1) {
    const end = pieceCount === 1 ? offset + bytes : content.pieceBytes(at);
    for (let from = at === piece ? offset : 0; from < end; from += CHUNK_BYTES) {
      chunks.push({ piece: at, offset: from, data: await content.read(at, from, Math.min(CHUNK_BYTES, end - from)) });
    }
  }
  return chunks;
}

const sendChunk = (reply: Reply, { piece, offset, data }: Chunk): Promise<void> => reply.send({ pieceIndex: piece, offset, data });

/** Makes other chunks of the right ones, and ends as if all were well. */
export const changed =
  (change: (chunks: Chunk[]) => Chunk[]): PieceAnswer =>
  async (request, reply, content) => {
    reply.grant();
    for (const chunk of change(await chunksOf(request, content))) await sendChunk(reply, chunk);
    reply.end();
  };

export const honest: PieceAnswer = changed((chunks) => chunks);

/** Bytes of some pieces are wrong: those from `from` to `to` inside the piece. */
export const wrongBytes = (isWrong: (piece: number) => boolean = () => true, from = 0, to = Number.POSITIVE_INFINITY): PieceAnswer =>
  changed((chunks) => chunks.map((chunk) => (isWrong(chunk.piece) ? { ...chunk, data: spoilt(chunk, from, to) } : chunk)));

function spoilt({ offset, data }: Chunk, from: number, to: number): Buffer {
  return Buffer.from(data.map((byte, index) => (offset + index >= from && offset + index < to ? byte ^ 0xff : byte)));
}

export const outOfOrder = changed((chunks) => chunks.toReversed());
export const overlapping = changed((chunks) => chunks.flatMap((chunk) => [chunk, chunk]));
export const ofAnotherPiece = changed((chunks) => chunks.map((chunk) => ({ ...chunk, piece: chunk.piece + 1 })));
export const emptyChunks = changed((chunks) => chunks.map((chunk) => ({ ...chunk, data: Buffer.alloc(0) })));
export const endsEarly = changed((chunks) => chunks.slice(0, -1));
/** The first chunk goes on beyond the end of the piece. */
export const tooLongChunks = changed(([first, ...rest]) => [{ ...first!, data: Buffer.alloc(2 ** 19) }, ...rest]);
/** The first chunk is more than the contract allows in one message. */
export const hugeChunks = changed(([first, ...rest]) => [{ ...first!, data: Buffer.alloc(2 ** 23) }, ...rest]);
/** All that was asked for, and then more. */
export const moreThanAsked = changed((chunks) => {
  const last = chunks.at(-1)!;
  return [...chunks, { ...last, offset: last.offset + last.data.length }];
});
/** Numbers that no piece has. */
export const absurdNumbers = changed((chunks) => chunks.map((chunk) => ({ ...chunk, piece: 0xffff_ffff, offset: 0xffff_ffff })));

/** All that was asked for, and then the last chunk for as long as somebody reads. */
export const endless: PieceAnswer = async (request, reply, content) => {
  reply.grant();
  const chunks = await chunksOf(request, content);
  for (const chunk of chunks) await sendChunk(reply, chunk);
  while (!reply.isOver) await sendChunk(reply, chunks.at(-1)!);
};

/** The right bytes, one in each message, one a second. */
export const byteByByte: PieceAnswer = async (request, reply, content) => {
  reply.grant();
  for (const { piece, offset, data } of await chunksOf(request, content)) {
    for (let at = 0; at < data.length && !reply.isOver; at += 1) {
      await sendChunk(reply, { piece, offset: offset + at, data: data.subarray(at, at + 1) });
      await pause(TRICKLE_MS, undefined, { ref: false });
    }
  }
};

/** The head of a message of gRPC that says how long it is, and then a byte of it each second. */
export const neverCompletes =
  (bytesSaid: number): PieceAnswer =>
  async (_request, reply) => {
    reply.grant();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(bytesSaid, 1);
    await reply.sendRaw(head);
    while (!reply.isOver) {
      await reply.sendRaw(Buffer.of(1));
      await pause(TRICKLE_MS, undefined, { ref: false });
    }
  };

/** Offers, and keeps the request waiting for ever. */
export const neverGrants: PieceAnswer = () => {};
/** Grants a slot, and says nothing more. */
export const silentAfterGrant: PieceAnswer = (_request, reply) => reply.grant();
/** Half of what was asked for, then nothing more. */
export const silentHalfway: PieceAnswer = async (request, reply, content) => {
  reply.grant();
  const chunks = await chunksOf(request, content);
  for (const chunk of chunks.slice(0, chunks.length / 2)) await sendChunk(reply, chunk);
};
/** Half of what was asked for, then a failure. */
export const failsHalfway: PieceAnswer = async (request, reply, content) => {
  reply.grant();
  const chunks = await chunksOf(request, content);
  for (const chunk of chunks.slice(0, chunks.length / 2)) await sendChunk(reply, chunk);
  reply.refuse(status.UNKNOWN, "REMOTE_FAILED");
};

export const notOffered: PieceAnswer = (_request, reply) => reply.refuse(status.FAILED_PRECONDITION, "NOT_OFFERED");
/** It has what it offers, but not as it should be. */
export const damaged: PieceAnswer = (_request, reply) => reply.refuse(status.DATA_LOSS, "PIECE_DAMAGED");
export const busy =
  (retryAfterMs: number): PieceAnswer =>
  (_request, reply) =>
    reply.refuse(status.RESOURCE_EXHAUSTED, "BUSY", retryAfterMs);

/** A bitmap that does not fit the content. */
export const offersBytes =
  (bytes: number): WatchAnswer =>
  (first, reply) =>
    reply.send({ ...first, offered: Buffer.alloc(bytes, 0xff) });
/** News after the first message. */
export const offersThen =
  (news: Message): WatchAnswer =>
  async (first, reply) => {
    await reply.send(first);
    await reply.send(news);
  };
/** The same news for as long as somebody reads. */
export const floodOfNews =
  (news: Message): WatchAnswer =>
  async (first, reply) => {
    await reply.send(first);
    while (!reply.isOver) await reply.send(news);
  };

export const honestManifest: ManifestAnswer = async (reply, { manifestBytes }) => {
  for (let at = 0; at < manifestBytes.length; at += MANIFEST_PART_BYTES) {
    await reply.send({ data: manifestBytes.subarray(at, at + MANIFEST_PART_BYTES) });
  }
  reply.end();
};
/** Bytes of which the content id is not the hash. */
export const otherManifest =
  (bytes: Uint8Array): ManifestAnswer =>
  async (reply) => {
    await reply.send({ data: bytes });
    reply.end();
  };
/** Parts of that many bytes for as long as somebody reads. */
export const endlessManifest =
  (partBytes: number): ManifestAnswer =>
  async (reply) => {
    while (!reply.isOver) {
      await reply.send({ data: Buffer.alloc(partBytes, 10) });
      await nextTurn();
    }
  };
export const noManifest: ManifestAnswer = () => {};
/** The right bytes, one a second. */
export const manifestByteByByte: ManifestAnswer = async (reply, { manifestBytes }) => {
  for (let at = 0; at < manifestBytes.length && !reply.isOver; at += 1) {
    await reply.send({ data: manifestBytes.subarray(at, at + 1) });
    await pause(TRICKLE_MS, undefined, { ref: false });
  }
};
