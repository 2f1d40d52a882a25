import { expect, test } from "vitest";
import { BulkReader } from "./bulk-reader.js";

function openReader() {
  const messages: string[] = [];
  const credits: number[] = [];
  const broken: string[] = [];
  const left: number[] = [];
  const reader = new BulkReader({ onMessage: (bytes) => void messages.push(bytes.toString()), onBroken: (what) => void broken.push(what) });
  reader.attach({ credit: (_stream, bytes) => void credits.push(bytes), leave: (stream) => void left.push(stream) }, 7);
  const receive = (text: string, flag = 0): void => {
    const frame = Buffer.from([flag, 0, 0, 0, text.length, ...Buffer.from(text)]);
    reader.received(frame.length);
    reader.write(frame);
  };
  return { reader, receive, messages, credits, broken, left };
}

test("messages that come before the headers were told wait for them", () => {
  const { reader, receive, messages, credits } = openReader();
  receive("one");
  expect([messages, credits]).toEqual([[], []]);
  reader.open();
  receive("two");
  expect([messages, credits]).toEqual([["one", "two"], [8, 8]]);
});

test("while it is paused messages wait and no window is opened", () => {
  const { reader, receive, messages, credits } = openReader();
  reader.open();
  receive("one");
  reader.pause();
  receive("two");
  receive("three");
  expect([messages, credits, reader.hasMessages]).toEqual([["one"], [8], true]);
  reader.resume();
  expect([messages, credits, reader.hasMessages]).toEqual([["one", "two", "three"], [8, 18], false]);
});

test("a listener that pauses again while messages are delivered gets no more of them", () => {
  const messages: string[] = [];
  const reader: BulkReader = new BulkReader({
    onMessage(bytes) {
      messages.push(bytes.toString());
      reader.pause();
    },
    onBroken() {},
  });
  for (const text of ["a", "b", "c"]) reader.write(Buffer.from([0, 0, 0, 0, 1, ...Buffer.from(text)]));
  reader.open();
  expect(messages).toEqual(["a"]);
  reader.resume();
  expect(messages).toEqual(["a", "b"]);
});

test("one that was paused before the headers were told says nothing when they are", () => {
  const { reader, receive, messages, credits } = openReader();
  receive("one");
  reader.pause();
  reader.open();
  expect([messages, credits]).toEqual([[], []]);
  reader.resume();
  expect([messages, credits]).toEqual([["one"], [8]]);
});

test("a window full of small messages waits, and is delivered in order", () => {
  let count = 0;
  let isInOrder = true;
  const reader = new BulkReader({
    onMessage(bytes) {
      isInOrder &&= bytes.readUInt32BE() === count;
      count += 1;
    },
    onBroken() {},
  });
  const MESSAGES = 400_000;
  const wire = Buffer.alloc(9 * MESSAGES);
  for (let i = 0; i < MESSAGES; i += 1) {
    wire.writeUInt32BE(4, 9 * i + 1);
    wire.writeUInt32BE(i, 9 * i + 5);
  }
  for (let at = 0; at < wire.length; at += 16_384) reader.write(wire.subarray(at, at + 16_384));
  expect([count, reader.hasMessages]).toEqual([0, true]);
  reader.open();
  expect([count, isInOrder, reader.hasMessages]).toEqual([MESSAGES, true, false]);
});

test("what comes while much still waits is delivered behind it", () => {
  const told: number[] = [];
  const reader: BulkReader = new BulkReader({
    onMessage(bytes) {
      told.push(bytes[0]!);
      if (told.length % 50 === 0) reader.pause();
    },
    onBroken() {},
  });
  const receive = (index: number): void => reader.write(Buffer.from([0, 0, 0, 0, 1, index]));
  const all = Array.from({ length: 200 }, (_, index) => index);
  for (const index of all.slice(0, 150)) receive(index);
  reader.open();
  for (const index of all.slice(150)) receive(index);
  while (reader.hasMessages) reader.resume();
  expect(told).toEqual(all);
});

test("once it is closed the connection has all its window back and forgets it", () => {
  const { reader, receive, credits, left } = openReader();
  receive("one");
  reader.close();
  reader.close();
  expect([credits, left]).toEqual([[8], [7]]);
});

test("says what is broken", () => {
  const { reader, receive, broken } = openReader();
  receive("one", 1);
  expect(broken).toEqual(["a compressed message, which was not asked for"]);
  reader.write(Buffer.from([0, 0xff, 0, 0, 0]));
  expect(broken[1]).toBe("a message that is too large");
});
