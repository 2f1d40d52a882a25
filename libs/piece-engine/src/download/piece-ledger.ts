import { assert, type Bitfield, type Prng } from "@piecewise/base";
import { Availability } from "./availability.js";
import type { CopyRef, Geometry, PeerRef } from "./events.js";
import type { DownloadPolicies } from "./policies.js";
import type { Source } from "./source.js";
import type { Stream } from "./stream.js";
import type { TransferBudget } from "./transfer-budget.js";
import type { Turn } from "./turn.js";

/** Attempts at one piece at a time: the first, and one of the end-game. */
export const COPIES_OF_PIECE_MAX = 2;
/** Contributions to one copy; one that would get more begins anew from one source. */
export const CONTRIBUTIONS_MAX = 16;
/** Copies that have bytes and nobody to go on with them; one more loses its bytes. */
export const PARTIAL_COPIES_MAX = 256;

/** A complete copy that was not stored after so long shows that this machine is slower than the network. */
const STORAGE_BEHIND_MS = 1000;

const NO_COPIES: readonly Copy[] = [];

/** Bytes in a row from one peer. */
export interface Contribution {
  readonly peer: PeerRef;
  bytes: number;
}

/** One attempt at a piece. */
export interface Copy {
  readonly piece: number;
  readonly ref: CopyRef;
  state: "filling" | "verifying" | "storing";
  receivedBytes: number;
  /** What fills it now. */
  stream: Stream | undefined;
  /** Between two ranges of a piece: who will go on with it. */
  keeper: Source | undefined;
  readonly contributions: Contribution[];
  /** Its part of the bytes in flight. */
  inFlightBytes: number;
  /** Since when it has been complete. */
  completedAtMs: number | undefined;
}

/** Whether somebody is busy with the copy or it is complete. */
export const isLive = (copy: Copy): boolean => copy.state !== "filling" || copy.stream !== undefined || copy.keeper !== undefined;

/**
 * What state every piece is in: missing, in the works as one or two copies, or stored. A copy is filling, verifying or storing; a filling
 * one is either live or partial, which means that somebody has to go on with it.
 */
export class PieceLedger {
  readonly pieceCount: number;
  readonly availability: Availability;
  /** Partial copies, the oldest first. */
  readonly partials = new Set<Copy>();
  /** By piece: who contributed to rejected copies of which it is not clear who is to blame. Their next copy has one source only. */
  readonly suspects = new Map<number, Set<PeerRef>>();
  readonly #copies = new Map<number, Copy[]>();
  #nextCopyRef = 1;
  readonly #stored: Bitfield;
  #hasNews = true;

  constructor(
    private readonly geometry: Geometry,
    stored: Bitfield,
    private readonly sources: Iterable<Source>,
    private readonly budget: TransferBudget,
    private readonly turn: Turn,
    prng: Prng,
    readonly policies: DownloadPolicies,
  ) {
    this.pieceCount = pieceCountOf(geometry);
    this.#stored = stored.clone();
    this.availability = new Availability(this.pieceCount, prng, policies.rankOf);
    for (let piece = 0; piece < this.pieceCount; piece += 1) if (!stored.has(piece)) this.#setMissing(piece, true);
  }

  get isComplete(): boolean {
    return this.#stored.isFull;
  }

  /** Pieces in the works with their copies. */
  get copies(): ReadonlyMap<number, readonly Copy[]> {
    return this.#copies;
  }

  /** Whether somebody is busy with a copy, or a source offers a piece that is missing or begun. */
  get canGoOn(): boolean {
    if (this.availability.offeredCount > 0) return true;
    for (const [piece, copies] of this.#copies) if (this.availability.of(piece) > 0 || copies.some(isLive)) return true;
    return false;
  }

  isStored(piece: number): boolean {
    return this.#stored.has(piece);
  }

  pieceBytes(piece: number): number {
    return pieceBytesOf(this.geometry, piece);
  }

  copiesOf(piece: number): readonly Copy[] {
    return this.#copies.get(piece) ?? NO_COPIES;
  }

  find(piece: number, ref: CopyRef): Copy | undefined {
    return this.copiesOf(piece).find((copy) => copy.ref === ref);
  }

  /** What this stream is to fill; undefined if it is not wanted any more. */
  filledBy(stream: Stream, piece: number): Copy | undefined {
    return this.copiesOf(piece).find((copy) => copy.stream === stream);
  }

  /** Begins a copy. */
  begin(piece: number): Copy {
    const copies = this.#copies.get(piece) ?? [];
    assert(copies.length < COPIES_OF_PIECE_MAX, `piece ${piece} has ${copies.length} copies`);
    if (copies.length === 0) {
      this.#setMissing(piece, false);
      this.#copies.set(piece, copies);
    }
    const isPlaceTaken = copies.some((copy) => copy.ref === 0);
    const copy: Copy = {
      piece,
      ref: isPlaceTaken ? this.#nextCopyRef : 0,
      state: "filling",
      receivedBytes: 0,
      stream: undefined,
      keeper: undefined,
      contributions: [],
      inFlightBytes: 0,
      completedAtMs: undefined,
    };
    if (isPlaceTaken) this.#nextCopyRef += 1;
    copies.push(copy);
    return copy;
  }

  /** A stream is opened that brings `bytes` of the copy. */
  assign(copy: Copy, stream: Stream, bytes: number): void {
    this.#unkeep(copy);
    this.partials.delete(copy);
    copy.stream = stream;
    this.#setInFlight(copy, copy.inFlightBytes + bytes);
  }

  /** A range came whole and the source will go on with the next. */
  keep(copy: Copy, source: Source): void {
    copy.stream = undefined;
    copy.keeper = source;
    source.kept.add(copy);
  }

  /** Bytes of the copy are in hand. */
  receive(copy: Copy, peer: PeerRef, bytes: number): void {
    const last = copy.contributions.at(-1);
    if (last?.peer === peer) last.bytes += bytes;
    else copy.contributions.push({ peer, bytes });
    copy.receivedBytes += bytes;
  }

  /** Every byte of the copy is in hand. */
  complete(copy: Copy): void {
    copy.stream = undefined;
    copy.state = "verifying";
    copy.completedAtMs = this.turn.nowMs;
  }

  /** Whether a copy is being hashed or stored. */
  get isStoring(): boolean {
    for (const copies of this.#copies.values()) if (copies.some(({ completedAtMs }) => completedAtMs !== undefined)) return true;
    return false;
  }

  /** Whether hashing or storing is behind: what does not come may then be waiting for us. */
  get isStorageBehind(): boolean {
    for (const copies of this.#copies.values()) {
      for (const { completedAtMs } of copies) if (completedAtMs !== undefined && completedAtMs + STORAGE_BEHIND_MS <= this.turn.nowMs) return true;
    }
    return false;
  }

  /** Nobody is filling the copy any more: what it has is kept for another source, if it is worth it. */
  abandon(copy: Copy): void {
    this.#unkeep(copy);
    copy.stream = undefined;
    const twin = this.copiesOf(copy.piece).find((other) => other !== copy);
    const rival = twin !== undefined && !isLive(twin) ? twin : undefined;
    if (!this.#isWorthKeeping(copy, twin) || (rival !== undefined && rival.receivedBytes >= copy.receivedBytes)) {
      this.discard(copy);
      return;
    }
    if (rival !== undefined) this.discard(rival);
    this.partials.add(copy);
    // What lies in its place on disk takes no memory.
    this.#setInFlight(copy, copy.ref === 0 ? 0 : copy.receivedBytes);
    this.#hasNews = true;
  }

  /** Forgets a copy and its bytes. */
  discard(copy: Copy): void {
    if (copy.receivedBytes > 0) this.turn.issue({ type: "discardCopy", piece: copy.piece, copy: copy.ref });
    this.remove(copy);
  }

  /** Forgets a copy whose bytes are gone already. A piece without copies is missing again. */
  remove(copy: Copy): void {
    this.#unkeep(copy);
    this.#setInFlight(copy, 0);
    this.partials.delete(copy);
    const others = this.copiesOf(copy.piece).filter((other) => other !== copy);
    if (others.length > 0) this.#copies.set(copy.piece, others);
    else this.#copies.delete(copy.piece);
    if (others.length > 0 || this.#stored.has(copy.piece)) return;
    this.#setMissing(copy.piece, true);
    this.#hasNews = true;
  }

  /** The piece lies in its place. A second copy may still be on its way through verification. */
  store(copy: Copy): void {
    this.#stored.add(copy.piece);
    this.suspects.delete(copy.piece);
    this.remove(copy);
  }

  /** Whether more can be asked for than at the last call. */
  takeNews(): boolean {
    const hasNews = this.#hasNews;
    this.#hasNews = false;
    return hasNews;
  }

  /** The download is over: nothing is in flight any more. */
  close(): void {
    for (const copies of this.#copies.values()) for (const copy of copies) this.#setInFlight(copy, 0);
  }

  #isWorthKeeping(copy: Copy, twin: Copy | undefined): boolean {
    return (
      copy.receivedBytes > 0 &&
      copy.contributions.length < CONTRIBUTIONS_MAX &&
      this.partials.size < PARTIAL_COPIES_MAX &&
      // Bytes from several sources would leave it open again who is to blame.
      !this.suspects.has(copy.piece) &&
      // One in memory is not worth its room while another is being made.
      (copy.ref === 0 || twin === undefined || !isLive(twin))
    );
  }

  #unkeep(copy: Copy): void {
    copy.keeper?.kept.delete(copy);
    copy.keeper = undefined;
  }

  #setInFlight(copy: Copy, bytes: number): void {
    if (bytes > copy.inFlightBytes) this.budget.takeInFlight(bytes - copy.inFlightBytes);
    else this.budget.releaseInFlight(copy.inFlightBytes - bytes);
    copy.inFlightBytes = bytes;
  }

  #setMissing(piece: number, isMissing: boolean): void {
    if (isMissing) this.availability.add(piece);
    else this.availability.remove(piece);
    for (const source of this.sources) if (source.offers.has(piece)) source.missingOffered += isMissing ? 1 : -1;
  }
}

export const pieceCountOf = ({ totalBytes, pieceLength }: Geometry): number => Math.ceil(totalBytes / pieceLength);

export const pieceBytesOf = ({ totalBytes, pieceLength }: Geometry, piece: number): number =>
  Math.min(pieceLength, totalBytes - piece * pieceLength);
