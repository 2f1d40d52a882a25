import type { Connections } from "./connections.js";
import type { PeerRef } from "./events.js";
import type { Contribution, Copy, PieceLedger } from "./piece-ledger.js";
import type { Turn } from "./turn.js";

/** What the hashes say about those who sent the bytes. */
export class Trust {
  constructor(
    private readonly ledger: PieceLedger,
    private readonly connections: Connections,
    private readonly turn: Turn,
  ) {}

  /** A copy hashes right: its contributors have proved themselves, and it is known who spoilt earlier copies. */
  verified(copy: Copy, blamed: readonly PeerRef[]): void {
    for (const { peer, bytes } of copy.contributions) {
      const known = this.connections.known(peer);
      if (known === undefined) continue;
      this.turn.issue({ type: "creditPeer", address: known.address, bytes });
      known.isTrusted = true;
      known.attempts = 0;
      const source = this.connections.sources.get(peer);
      if (source !== undefined) {
        source.failures = 0;
        source.refusals = 0;
        source.stalls = 0;
      }
    }
    const main = mainContributor(copy.contributions);
    const known = main === undefined ? undefined : this.connections.known(main);
    if (known !== undefined) known.pieces += 1;
    for (const peer of new Set(blamed)) this.#punish(peer, copy.piece);
  }

  /** A copy hashes wrong. One source alone is to blame; of several it is not clear who is until a good copy is there to compare with. */
  rejected(copy: Copy): void {
    const peers = new Set(copy.contributions.map(({ peer }) => peer));
    if (peers.size === 1) {
      for (const peer of peers) this.#punish(peer, copy.piece);
      return;
    }
    if (this.ledger.isStored(copy.piece)) return;
    this.ledger.suspects.set(copy.piece, new Set([...(this.ledger.suspects.get(copy.piece) ?? []), ...peers]));
  }

  #punish(peer: PeerRef, piece: number): void {
    const known = this.connections.known(peer);
    if (known === undefined || known.state === "banned") return;
    if (known.state === "connected") this.turn.issue({ type: "reportBadPiece", peer, piece });
    this.connections.ban(known, "PIECE_DAMAGED");
  }
}

/** Who contributed the most to a copy. */
function mainContributor(contributions: readonly Contribution[]): PeerRef | undefined {
  const bytesOf = new Map<PeerRef, number>();
  let main: PeerRef | undefined;
  for (const { peer, bytes } of contributions) {
    bytesOf.set(peer, (bytesOf.get(peer) ?? 0) + bytes);
    if (main === undefined || bytesOf.get(peer)! > bytesOf.get(main)!) main = peer;
  }
  return main;
}
