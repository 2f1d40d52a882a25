import { assert, Bitfield } from "@piecewise/base";
import type { CopyRef, DownloadEvent, Geometry, PeerRef } from "@piecewise/piece-engine";
import type { EventQueue } from "../clock/event-queue.js";

/** Copies of one piece have numbers below this. */
const COPIES_MAX = 2 ** 32;
/** Handing work to the thread that hashes and writes, and hearing of it. */
const HANDOVER_US = 100;

interface Copy {
  bytes: number;
  readonly peers: PeerRef[];
  readonly liars: PeerRef[];
  isVerified: boolean;
}

/** What a node holds. It survives a crash of the process; copies that are not stored do not. */
export class SimulatedDisk {
  /** Pieces that are verified and journalled. */
  readonly stored: Bitfield;
  readonly pieceCount: number;
  #busyUntilUs = 0;

  constructor(
    readonly geometry: Geometry,
    private readonly queue: EventQueue,
    /** How fast it hashes, and how fast it writes. */
    private readonly bytesPerSecond: number,
    isFull: boolean,
  ) {
    this.pieceCount = Math.ceil(geometry.totalBytes / geometry.pieceLength);
    this.stored = Bitfield.create(this.pieceCount, isFull);
  }

  pieceBytes(piece: number): number {
    return Math.min(this.geometry.pieceLength, this.geometry.totalBytes - piece * this.geometry.pieceLength);
  }

  /** One thing after another: calls back when so many bytes were hashed or written, after all that was asked for before. */
  work(bytes: number, done: () => void): void {
    const beginUs = Math.max(this.#busyUntilUs, this.queue.nowUs + HANDOVER_US);
    this.#busyUntilUs = beginUs + Math.ceil((bytes * 1_000_000) / this.bytesPerSecond);
    this.queue.at(this.#busyUntilUs, done);
  }
}

/** Copies of pieces in the works, in one process. It asserts what a real store relies on. */
export class CopyTable {
  /** Who contributed to the copy that was rejected last. */
  lastRejected: readonly PeerRef[] = [];
  readonly #copies = new Map<number, Copy>();
  readonly #liarsOf = new Map<number, Set<PeerRef>>();

  constructor(private readonly disk: SimulatedDisk) {}

  append(piece: number, ref: CopyRef, peer: PeerRef, offset: number, bytes: number, isBad: boolean): void {
    const key = piece * COPIES_MAX + ref;
    let copy = this.#copies.get(key);
    if (copy === undefined) this.#copies.set(key, (copy = { bytes: 0, peers: [], liars: [], isVerified: false }));
    assert(!this.disk.stored.has(piece), "a chunk of a stored piece is kept");
    assert(copy.bytes === offset, `a copy of piece ${piece} has ${copy.bytes} bytes and is given some at ${offset}`);
    copy.bytes += bytes;
    if (copy.peers.at(-1) !== peer) copy.peers.push(peer);
    if (isBad) copy.liars.push(peer);
  }

  /** What the hash says; undefined if the copy was discarded meanwhile. */
  verify(piece: number, ref: CopyRef): DownloadEvent | undefined {
    const key = piece * COPIES_MAX + ref;
    const copy = this.#copies.get(key);
    if (copy === undefined) return undefined;
    assert(copy.bytes === this.disk.pieceBytes(piece), "a copy is verified that is not complete");
    const earlier = this.#liarsOf.get(piece);
    if (copy.liars.length === 0) {
      copy.isVerified = true;
      return { type: "pieceVerified", piece, copy: ref, blamed: earlier === undefined ? [] : [...earlier] };
    }
    this.#copies.delete(key);
    this.lastRejected = copy.peers;
    this.#liarsOf.set(piece, new Set([...(earlier ?? []), ...copy.liars]));
    return { type: "pieceRejected", piece, copy: ref };
  }

  /** Everybody who contributed to a copy, in order. */
  contributors(piece: number, ref: CopyRef): readonly PeerRef[] {
    return this.#copies.get(piece * COPIES_MAX + ref)?.peers ?? [];
  }

  store(piece: number, ref: CopyRef): void {
    assert(this.#copies.get(piece * COPIES_MAX + ref)?.isVerified === true, "a copy is stored that was not verified");
    this.#copies.delete(piece * COPIES_MAX + ref);
    this.disk.stored.add(piece);
  }

  discard(piece: number, ref: CopyRef): void {
    this.#copies.delete(piece * COPIES_MAX + ref);
  }
}
