const CAPACITY_FIRST = 1_024;

/** One row. */
export interface Membership {
  /** Number of the lease. */
  lease: number;
  /** Number of the name under which the peer shares it. */
  name: number;
  /** Number of what the peer says of the content. */
  facts: number;
  piecesHeld: number;
  /** Place in the swarm's list. */
  position: number;
  /** 1 if others are told of the peer, 0 if not. */
  listed: number;
}

/**
 * All pairs of peer and content, in columns: a swarm of swarms has a million of them, and as many objects would stop the process to
 * collect garbage. A row is known by its number, which is reused once the row is deleted.
 */
export class MembershipTable {
  readonly #columns: { [Column in keyof Membership]: Uint32Array } = {
    lease: new Uint32Array(CAPACITY_FIRST),
    name: new Uint32Array(CAPACITY_FIRST),
    facts: new Uint32Array(CAPACITY_FIRST),
    piecesHeld: new Uint32Array(CAPACITY_FIRST),
    position: new Uint32Array(CAPACITY_FIRST),
    listed: new Uint32Array(CAPACITY_FIRST),
  };
  readonly #free: number[] = [];
  #rowsUsed = 0;

  get size(): number {
    return this.#rowsUsed - this.#free.length;
  }

  add(membership: Readonly<Membership>): number {
    const row = this.#free.pop() ?? this.#rowsUsed++;
    if (row >= this.#columns.lease.length) this.#grow();
    for (const column of Object.keys(membership) as (keyof Membership)[]) this.#columns[column][row] = membership[column];
    return row;
  }

  delete(row: number): void {
    this.#free.push(row);
  }

  get(row: number, column: keyof Membership): number {
    return this.#columns[column][row]!;
  }

  set(row: number, column: keyof Membership, value: number): void {
    this.#columns[column][row] = value;
  }

  #grow(): void {
    for (const [column, values] of Object.entries(this.#columns) as [keyof Membership, Uint32Array][]) {
      const larger = new Uint32Array(values.length * 2);
      larger.set(values);
      this.#columns[column] = larger;
    }
  }
}
