import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { AddressBook, ADDRESSES_MAX, DIAL_ATTEMPTS_MAX, HEARSAY_ADDRESSES_MAX } from "./address-book.js";

const createBook = (): AddressBook => new AddressBook(createPrng(1));

describe("the address book", () => {
  test("is bounded, and leaves room for what trackers say", () => {
    const book = createBook();
    for (let i = 0; i < 2 * ADDRESSES_MAX; i += 1) book.learn(`hearsay:${i}`, "exchange", 0);
    expect([...book.peers()]).toHaveLength(HEARSAY_ADDRESSES_MAX);
    for (let i = 0; i < 2 * ADDRESSES_MAX; i += 1) book.learn(`tracker:${i}`, "tracker", 0);
    expect([...book.peers()]).toHaveLength(ADDRESSES_MAX);
  });

  test("gives the places of forgotten peers to new ones, but not of those that gave something", () => {
    const book = createBook();
    for (let i = 0; i < ADDRESSES_MAX; i += 1) book.learn(`tracker:${i}`, "tracker", 0);
    const [first, second] = [...book.peers()] as [(typeof book.peers extends () => Iterator<infer Peer> ? Peer : never), never];
    for (const peer of [first, second]) for (let i = 0; i < DIAL_ATTEMPTS_MAX; i += 1) book.letGo(peer, "redial", 0, 0);
    Object.assign(first, { bytes: 1 });
    book.learn("new:1", "tracker", 0);
    book.learn("new:2", "tracker", 0);
    const addresses = new Set([...book.peers()].map(({ address }) => address));
    expect(addresses.has("new:1")).toBe(true);
    expect(addresses.has("new:2")).toBe(false);
    expect(addresses.has("tracker:0")).toBe(true);
    expect(addresses.has("tracker:1")).toBe(false);
  });

  test("ignores what is no address", () => {
    const book = createBook();
    book.learn("", "exchange", 0);
    book.learn("x".repeat(262), "exchange", 0);
    expect([...book.peers()]).toEqual([]);
  });

  test("never offers a banned or refused peer again", () => {
    const book = createBook();
    book.learn("a:1", "given", 0);
    book.learn("b:1", "given", 0);
    book.get(0)!.state = "banned";
    book.letGo(book.get(0)!, "redial", 0, 0);
    book.letGo(book.get(1)!, "never", 0, 0);
    book.learn("a:1", "tracker", 1);
    book.learn("b:1", "tracker", 1);
    expect(book.nextToDial(1_000_000)).toBeUndefined();
    expect(book.nextDialMs).toBe(Number.POSITIVE_INFINITY);
  });
});
