import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { EventQueue } from "../clock/event-queue.js";
import { Link, type Flow } from "./link.js";

function createRun(bytesPerSecond: number) {
  const queue = new EventQueue();
  const link = new Link(queue, bytesPerSecond);
  const done = new Map<string, number>();
  const flow = (name: string): Flow => ({ finish: 0, order: 0, position: -1, served: () => done.set(name, queue.nowUs) });
  const finish = (): Record<string, number> => {
    while (queue.runNext());
    return Object.fromEntries(done);
  };
  return { queue, link, flow, finish };
}

describe("Link", () => {
  test("one flow has the whole rate", () => {
    const { link, flow, finish } = createRun(1_000_000);
    link.begin(flow("a"), 500_000);
    expect(finish()).toEqual({ a: 500_000 });
  });

  test("two flows share it while both are there", () => {
    const { queue, link, flow, finish } = createRun(1_000_000);
    link.begin(flow("a"), 1_000_000);
    queue.at(500_000, () => link.begin(flow("b"), 250_000));
    // From 0.5 s on both get half: b needs 0.5 s, and then a has 0.25 MB left for itself alone.
    expect(finish()).toEqual({ a: 1_250_000, b: 1_000_000 });
  });

  test("a flow that is taken off leaves its share to the others, and says how much was left", () => {
    const { queue, link, flow, finish } = createRun(1_000_000);
    const taken = flow("taken");
    let leftBytes = 0;
    link.begin(taken, 1_000_000);
    link.begin(flow("b"), 1_000_000);
    queue.at(1_000_000, () => (leftBytes = link.cancel(taken)));
    expect(finish()).toEqual({ b: 1_500_000 });
    expect(leftBytes).toBe(500_000);
    expect(link.cancel(taken)).toBe(0);
  });

  test("a new rate holds from then on", () => {
    const { queue, link, flow, finish } = createRun(1_000_000);
    link.begin(flow("a"), 1_000_000);
    queue.at(500_000, () => link.setRate(100_000));
    expect(finish()).toEqual({ a: 5_500_000 });
  });

  test("many flows take as long as their bytes need, to a thousandth", () => {
    const { queue, link, flow, finish } = createRun(20_000_000);
    const prng = createPrng(1);
    let bytes = 0;
    for (let i = 0; i < 500; i += 1) {
      const own = 1 + prng.below(500_000);
      bytes += own;
      queue.at(prng.below(1_000_000), () => link.begin(flow(String(i)), own));
    }
    const lastUs = Math.max(...Object.values(finish()));
    expect(lastUs).toBeGreaterThanOrEqual(bytes / 20);
    expect(lastUs).toBeLessThan((bytes / 20) * 1.001);
  });
});
