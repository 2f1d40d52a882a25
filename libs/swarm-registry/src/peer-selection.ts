import type { Prng } from "@piecewise/base";

/**
 * Yields the items in random order, each order equally likely, and costs only what is taken: a shuffle of a list that is never written
 * to, whose swaps are remembered on the side.
 */
export function* drawShuffled(items: readonly number[], prng: Prng): IterableIterator<number> {
  const swapped = new Map<number, number>();
  for (let last = items.length - 1; last >= 0; last -= 1) {
    const drawn = prng.below(last + 1);
    yield items[swapped.get(drawn) ?? drawn]!;
    swapped.set(drawn, swapped.get(last) ?? last);
  }
}

/** The two kinds of member of a swarm. */
export interface SelectionPool {
  /** Members that hold at least one piece, seeds among them. */
  readonly holders: readonly number[];
  /** Members that hold nothing yet. */
  readonly others: readonly number[];
}

/**
 * A fair sample in random order. Seeds and leechers that hold something are drawn alike, so that nobody is returned more often than
 * another and seeds appear in the proportion in which they exist; who holds nothing yet only fills what is left.
 * @param accept turns a member into what is returned, or undefined to pass over it.
 */
export function selectPeers<Peer>(pool: SelectionPool, peersMax: number, prng: Prng, accept: (member: number) => Peer | undefined): Peer[] {
  const selected: Peer[] = [];
  for (const members of [pool.holders, pool.others]) {
    for (const member of selected.length < peersMax ? drawShuffled(members, prng) : []) {
      const peer = accept(member);
      if (peer !== undefined) selected.push(peer);
      if (selected.length === peersMax) break;
    }
  }
  return prng.shuffle(selected);
}
