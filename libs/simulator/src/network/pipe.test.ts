import { createPrng, KIB, MIB } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { EventQueue } from "../clock/event-queue.js";
import { Host, Network } from "./network.js";
import { Pipe, PIPE_WINDOW_BYTES, type Chunk } from "./pipe.js";

const CHUNK_BYTES = 256 * KIB;

const chunk = (piece: number, stream = "a"): Chunk<string> => ({ stream, piece, offset: 0, bytes: CHUNK_BYTES, isBad: false, isLast: true });

function createRun(upBytesPerSecond: number, downBytesPerSecond: number, latencyUs: number) {
  const queue = new EventQueue();
  const network = new Network(queue, createPrng(1), 0);
  const line = { upBytesPerSecond, downBytesPerSecond, latencyUs };
  const from = new Host("10.0.0.1:1", line, queue);
  const to = new Host("10.0.0.2:1", line, queue);
  const sent: number[] = [];
  const received: [piece: number, us: number][] = [];
  const pipe = new Pipe<string>(queue, network, from, to, {
    sent: () => sent.push(queue.nowUs),
    received: ({ piece }) => received.push([piece, queue.nowUs]),
    arrivalUs: () => network.arrivalUs(from, to),
  });
  const finish = (): void => {
    while (queue.runNext());
  };
  return { queue, network, from, to, pipe, sent, received, finish };
}

describe("Pipe", () => {
  test("a chunk goes up, travels and comes down; the next one goes up meanwhile", () => {
    const { pipe, sent, received, finish } = createRun(CHUNK_BYTES, CHUNK_BYTES, 50_000);
    pipe.send(chunk(0));
    pipe.send(chunk(1));
    finish();
    expect(sent).toEqual([1_000_000, 2_000_000]);
    expect(received).toEqual([[0, 2_100_000], [1, 3_100_000]]);
  });

  test("no more is on its way than the window holds", () => {
    const { network, queue, pipe, received, finish } = createRun(100 * MIB, MIB, 0);
    for (let piece = 0; piece < 40; piece += 1) pipe.send(chunk(piece));
    let flyingMax = 0;
    while (queue.runNext()) flyingMax = Math.max(flyingMax, network.flyingBytes);
    finish();
    expect(flyingMax).toBe(PIPE_WINDOW_BYTES);
    expect(received.map(([piece]) => piece)).toEqual(Array.from({ length: 40 }, (_, piece) => piece));
  });

  test("what is forgotten does not leave, and every byte is accounted for", () => {
    const { queue, network, from, pipe, received, finish } = createRun(CHUNK_BYTES, CHUNK_BYTES, 0);
    for (const [piece, stream] of ["a", "b", "a"].entries()) pipe.send(chunk(piece, stream));
    queue.at(500_000, () => pipe.forget("a"));
    finish();
    expect(received.map(([piece]) => piece)).toEqual([1]);
    expect(from.sentBytes).toBe(1.5 * CHUNK_BYTES);
    expect(network.sentBytes).toBe(network.deliveredBytes + network.lostBytes);
  });

  test("a pipe that is closed loses what is on its way", () => {
    const { queue, network, pipe, received, finish } = createRun(CHUNK_BYTES, CHUNK_BYTES, 100_000);
    for (const piece of [0, 1, 2]) pipe.send(chunk(piece));
    queue.at(2_100_000, () => pipe.close());
    finish();
    expect(received).toEqual([]);
    expect(network.sentBytes).toBe(network.lostBytes);
    expect(network.flyingBytes).toBe(0);
  });

  test("what is sent across a partition arrives when it heals", () => {
    const { network, to, pipe, received, finish } = createRun(CHUNK_BYTES, CHUNK_BYTES, 50_000);
    to.side = 1;
    network.splitUntil(10_000_000);
    pipe.send(chunk(0));
    finish();
    expect(received).toEqual([[0, 11_100_000]]);
  });
});
