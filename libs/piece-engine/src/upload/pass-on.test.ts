import { Bitfield } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { creditOf, PassOn, type Recipient } from "./pass-on.js";

const recipient = (name: string): Recipient => ({ address: `${name}:1`, sent: Bitfield.create(8), unseen: 0, passedOn: 0 });

function send(passOn: PassOn, to: Recipient, pieces: readonly number[], nowMs = 0): void {
  for (const piece of pieces) {
    to.sent.add(piece);
    passOn.sent(to, piece, nowMs);
  }
}

describe("what is passed on", () => {
  test("a piece that is seen at another is to the credit of who was sent it, once", () => {
    const [alice, bob] = [recipient("alice"), recipient("bob")];
    const passOn = new PassOn(8);
    send(passOn, alice, [0, 1]);
    expect(creditOf(alice)).toBe(0);
    expect(passOn.seenAt("bob:1", 0, [alice, bob])).toEqual([alice]);
    expect(passOn.seenAt("carol:1", 0, [alice, bob])).toEqual([]);
    expect([alice.unseen, alice.passedOn, creditOf(alice)]).toEqual([1, 1, 2]);
  });

  test("what a caller offers says nothing about what it was sent itself", () => {
    const alice = recipient("alice");
    const passOn = new PassOn(8);
    send(passOn, alice, [0]);
    expect(passOn.seenAt("alice:1", 0, [alice])).toEqual([]);
    expect(alice.unseen).toBe(1);
  });

  test("what two were sent is to nobody's credit, and held against neither", () => {
    const [alice, bob] = [recipient("alice"), recipient("bob")];
    const passOn = new PassOn(8);
    send(passOn, alice, [0]);
    send(passOn, bob, [0]);
    passOn.seenAt("carol:1", 0, [alice, bob]);
    expect([alice.unseen, bob.unseen, alice.passedOn, bob.passedOn]).toEqual([0, 0, 0, 0]);
  });

  test("what those without credit keep to themselves is taken once, after a while", () => {
    const [alice, bob] = [recipient("alice"), recipient("bob")];
    const passOn = new PassOn(8);
    send(passOn, alice, [0, 1, 2]);
    send(passOn, bob, [3]);
    expect(passOn.takeUnseen([alice, bob], 999)).toEqual([]);
    expect(passOn.takeUnseen([alice, bob], 1000)).toEqual([0, 1, 2]);
    expect(passOn.takeUnseen([alice, bob], 2000)).toEqual([]);
  });
});
