import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { fuzz, joinParts, splitParts } from "@piecewise/base/testing";
import * as fc from "fast-check";
import { BulkReader } from "./bulk-reader.js";
import { ReceiveWindows } from "./receive-windows.js";

const STREAM = 7;
const WINDOW_BYTES = 4_096;
const STEPS_MAX = 64;

/** One stream, its reader, and the windows of its connection, as a socket and a call join them. */
class Reading {
  readonly messages: string[] = [];
  readonly #windows = new ReceiveWindows(WINDOW_BYTES);
  readonly #reader: BulkReader;
  receivedBytes = 0;
  creditedBytes = 0;
  updatedBytes = 0;
  isOpen = false;
  isPaused = false;
  isClosed = false;
  /** Pause with every message of which the first byte ends in three ones. */
  readonly #pausesItself: boolean;

  constructor(pausesItself: boolean) {
    this.#pausesItself = pausesItself;
    this.#reader = new BulkReader({
      onMessage: (bytes) => {
        ok(this.isOpen && !this.isPaused && !this.isClosed, "a message that nobody may hear");
        this.messages.push(bytes.toString("hex"));
        if (this.#pausesItself && ((bytes[0] ?? 0) & 7) === 7) this.pause();
      },
      onBroken: () => this.close(),
    });
    this.#reader.attach(
      {
        credit: (stream, bytes) => {
          equal(stream, STREAM);
          ok((this.isOpen && !this.isPaused) || this.isClosed, "a window is opened although nothing is read");
          this.creditedBytes += bytes;
          for (const update of this.#windows.credit(stream, bytes)) if (update.readUInt32BE(5) === 0) this.updatedBytes += update.readUInt32BE(9);
        },
        leave: () => this.#windows.forget(STREAM),
      },
      STREAM,
    );
  }

  /** A DATA frame, as far as the windows allow one. */
  receive(bytes: Buffer): number {
    const allowed = bytes.subarray(0, WINDOW_BYTES + this.updatedBytes - this.receivedBytes);
    if (allowed.length === 0 || this.isClosed) return 0;
    this.#windows.received(allowed.length);
    this.receivedBytes += allowed.length;
    this.#reader.received(allowed.length);
    this.#reader.write(allowed);
    return allowed.length;
  }

  open(): void {
    if (this.isClosed) return;
    this.isOpen = true;
    this.#reader.open();
  }

  pause(): void {
    this.isPaused = true;
    this.#reader.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.#reader.resume();
  }

  /** Until everything was said. */
  finish(): void {
    this.open();
    do this.resume();
    while (this.isPaused && this.#reader.hasMessages);
  }

  close(): void {
    this.isClosed = true;
    this.#reader.close();
  }
}

/** Whole messages at the beginning of a stream that are not compressed. */
function messagesOf(stream: Buffer): string[] {
  const messages: string[] = [];
  let at = 0;
  while (at + 5 <= stream.length && stream[at] === 0 && at + 5 + stream.readUInt32BE(at + 1) <= stream.length) {
    const end = at + 5 + stream.readUInt32BE(at + 1);
    messages.push(stream.toString("hex", at + 5, end));
    at = end;
  }
  return messages;
}

function run(steps: Uint8Array, stream: Buffer): void {
  const reading = new Reading((steps.length & 1) === 1);
  let at = 0;
  for (const step of steps.subarray(0, STEPS_MAX)) {
    if (step < 160) at += reading.receive(stream.subarray(at, at + 1 + step));
    else if (step < 190) reading.pause();
    else if (step < 220) reading.resume();
    else if (step < 250) reading.open();
    else reading.close();
  }
  const expected = messagesOf(stream.subarray(0, at));
  if (!reading.isClosed) {
    reading.finish();
    // A stream that turned out to be broken was closed, and what waited in front of that is lost.
    if (!reading.isClosed) equal(reading.messages.length, expected.length);
    reading.close();
  }
  deepStrictEqual(reading.messages, expected.slice(0, reading.messages.length));
  // Whatever happened, the connection gets its window back.
  equal(reading.creditedBytes, reading.receivedBytes);
}

const message = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.concat([Buffer.of(0, 0, 0, 0, bytes.length), bytes]));

// Input: what happens, a byte for each step, then the stream.
fuzz({
  name: "a stream that is read, paused and left",
  corpus: new URL("../testdata/bulk-reader.corpus.json", import.meta.url),
  valid: fc
    .tuple(fc.uint8Array({ maxLength: 40 }), fc.array(message, { maxLength: 8 }), fc.constantFrom(1, 1, 40))
    .map(([steps, messages, times]) => joinParts([steps, Buffer.concat(Array.from({ length: times }, () => messages).flat())])),
  check(input) {
    const [steps = new Uint8Array(), stream = new Uint8Array()] = splitParts(input, 2);
    run(steps, Buffer.from(stream));
  },
});
