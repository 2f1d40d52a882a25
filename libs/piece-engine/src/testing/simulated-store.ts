import { assert, Bitfield } from "@piecewise/base";
import type { CopyRef, DownloadEvent, PeerRef } from "../download/events.js";

interface SimulatedCopy {
  bytes: number;
  /** Who sent bytes of it, and who of them bad ones. */
  readonly peers: Set<PeerRef>;
  readonly liars: Set<PeerRef>;
  isVerified: boolean;
}

/** A piece store that knows which bytes are bad instead of having any. It asserts what a real one relies on. */
export interface SimulatedStore {
  readonly stored: Bitfield;
  /** Copies that hashed wrong. */
  readonly rejectedCopies: number;
  append(piece: number, copy: CopyRef, peer: PeerRef, offset: number, bytes: number, isBad: boolean): void;
  /** undefined if the copy was discarded meanwhile. */
  verify(piece: number, copy: CopyRef): DownloadEvent | undefined;
  store(piece: number, copy: CopyRef): void;
  discard(piece: number, copy: CopyRef): void;
}

const key = (piece: number, copy: CopyRef): string => `${piece}.${copy}`;

export function createSimulatedStore(pieceCount: number, pieceBytes: (piece: number) => number, initial?: Bitfield): SimulatedStore {
  const stored = initial?.clone() ?? Bitfield.create(pieceCount);
  const copies = new Map<string, SimulatedCopy>();
  const liarsOf = new Map<number, Set<PeerRef>>();
  let rejectedCopies = 0;
  return {
    stored,
    get rejectedCopies() {
      return rejectedCopies;
    },
    append(piece, copy, peer, offset, bytes, isBad) {
      assert(!stored.has(piece), `a chunk of the stored piece ${piece} is kept`);
      const entry = copies.get(key(piece, copy)) ?? { bytes: 0, peers: new Set(), liars: new Set(), isVerified: false };
      assert(entry.bytes === offset, `copy ${key(piece, copy)} has ${entry.bytes} bytes and is given some at ${offset}`);
      assert(offset + bytes <= pieceBytes(piece), "a copy becomes longer than its piece");
      entry.bytes += bytes;
      entry.peers.add(peer);
      if (isBad) entry.liars.add(peer);
      assert(entry.peers.size <= 16, "a copy has more than 16 sources");
      copies.set(key(piece, copy), entry);
    },
    verify(piece, copy) {
      const entry = copies.get(key(piece, copy));
      if (entry === undefined) return undefined;
      assert(entry.bytes === pieceBytes(piece), "a copy is verified that is not complete");
      if (entry.liars.size > 0) {
        rejectedCopies += 1;
        copies.delete(key(piece, copy));
        liarsOf.set(piece, new Set([...(liarsOf.get(piece) ?? []), ...entry.liars]));
        return { type: "pieceRejected", piece, copy };
      }
      entry.isVerified = true;
      return { type: "pieceVerified", piece, copy, blamed: [...(liarsOf.get(piece) ?? [])] };
    },
    store(piece, copy) {
      assert(copies.get(key(piece, copy))?.isVerified === true, "a copy is stored that was not verified");
      assert(stored.add(piece), `piece ${piece} is stored twice`);
      copies.delete(key(piece, copy));
    },
    discard(piece, copy) {
      assert(copies.delete(key(piece, copy)), "a copy is discarded that is not there");
    },
  };
}
