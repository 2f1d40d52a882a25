import { assert } from "@piecewise/base";

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  references: number;
}

/** Keeps one copy of each value under a small number, as long as somebody refers to it. */
export class InternTable<Value> {
  readonly #numbers = new Map<string, number>();
  readonly #entries: (Entry<Value> | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#numbers.size;
  }

  find(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  get(number: number): Value {
    return this.#entry(number).value;
  }

  /** Adds a reference; `create` makes the value if it is the first. */
  acquire(key: string, create: () => Value): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) {
      this.#entry(known).references += 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#entries.length;
    this.#entries[number] = { key, value: create(), references: 1 };
    this.#numbers.set(key, number);
    return number;
  }

  /** Drops a reference, and the value with the last one. */
  release(number: number): void {
    const entry = this.#entry(number);
    entry.references -= 1;
    if (entry.references > 0) return;
    this.#numbers.delete(entry.key);
    this.#entries[number] = undefined;
    this.#free.push(number);
  }

  #entry(number: number): Entry<Value> {
    const entry = this.#entries[number];
    assert(entry !== undefined, `number ${number} is in use`);
    return entry;
  }
}
