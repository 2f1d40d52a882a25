import { Bitfield, CancelledError, IntegrityError, type PiecewiseError, silentLogger, StorageError } from "@piecewise/base";
import type { PieceSource } from "@piecewise/piece-store";
import { describe, expect, test, vi } from "vitest";
import { deferred } from "./testing/deferred.js";
import { fakeContent, testFile } from "./testing/fake-content.js";
import { FakeWriter } from "./testing/fake-writer.js";
import { until } from "./testing/until.js";
import { Transfer } from "./transfer.js";
import type { PieceSelection } from "./wire.js";

/** 3 pieces of 100 bytes and one of 50. */
const file = testFile(350, 100);
const whole: PieceSelection = { runs: [{ first: 0, count: 4 }], offset: 0, bytes: 350 };

interface Chunk {
  readonly pieceIndex?: number;
  readonly offset?: number;
  readonly data?: Uint8Array;
}

function start(selection: PieceSelection, source: Partial<PieceSource> = {}) {
  const writer = new FakeWriter<Chunk>();
  const content = fakeContent(file, source);
  const drained: number[] = [];
  const damaged: number[] = [];
  const ends: (PiecewiseError | undefined)[] = [];
  const logger = { ...silentLogger, warn: vi.fn<() => void>() };
  const listener = {
    drained: (bytes: number) => drained.push(bytes),
    damaged: (piece: number) => damaged.push(piece),
    ended: (error: PiecewiseError | undefined) => ends.push(error),
  };
  const transfer = new Transfer(content, selection, writer, listener, logger);
  return { transfer, writer, content, drained, damaged, ends, logger };
}

/** A transfer in the middle of its first read, which the test makes fail. */
function startWithPendingRead(source: Partial<PieceSource> = {}) {
  const read = deferred();
  const started = start(whole, { read: () => read.promise, ...source });
  started.transfer.send(100);
  return { ...started, fail: read.reject };
}

const places = (chunks: readonly Chunk[]) => chunks.map(({ pieceIndex, offset, data }) => [pieceIndex, offset, data!.length]);

describe("transfer", () => {
  test("sends one chunk for each that is allowed, in order, and never across the end of a piece", async () => {
    const { transfer, writer, content, drained, ends } = start(whole);
    for (let i = 0; i < 8; i += 1) transfer.send(80);
    await until(() => ends.length === 1);
    expect(places(writer.messages)).toEqual([[0, 0, 80], [0, 80, 20], [1, 0, 80], [1, 80, 20], [2, 0, 80], [2, 80, 20], [3, 0, 50]]);
    const bytes = Buffer.concat(writer.messages.map(({ data }) => data!));
    expect(bytes.equals(file.fileBytes(""))).toBe(true);
    expect(drained).toEqual([80, 20, 80, 20, 80, 20, 50]);
    expect(ends).toEqual([undefined]);
    expect(content.sentBytes).toBe(350);
  });

  test("sends a range and stops at its end", async () => {
    const { transfer, writer, ends } = start({ runs: [{ first: 2, count: 1 }], offset: 10, bytes: 30 });
    transfer.send(100);
    await until(() => ends.length === 1);
    expect(places(writer.messages)).toEqual([[2, 10, 30]]);
    expect(Buffer.from(writer.messages[0]!.data!).equals(file.pieceBytes(2).subarray(10, 40))).toBe(true);
  });

  test("is over when its last chunk has left, and no sooner, though there is room for more", async () => {
    const { transfer, writer, drained, ends } = start({ runs: [{ first: 0, count: 1 }], offset: 0, bytes: 100 });
    writer.keeps = true;
    transfer.send(60);
    transfer.send(60);
    await until(() => writer.messages.length === 2);
    expect([drained, ends]).toEqual([[60], []]);
    writer.drain();
    await until(() => ends.length === 1);
    expect(drained).toEqual([60, 40]);
  });

  test("says that it was granted when it was, and not after its end", () => {
    const { transfer, writer } = start(whole);
    expect(writer.headersSent).toBe(0);
    transfer.grant();
    expect(writer.headersSent).toBe(1);
    transfer.end();
    transfer.grant();
    expect(writer.headersSent).toBe(1);
  });

  test("reads no further while the transport is full, and says that a chunk is out when there is room again", async () => {
    const { transfer, writer, drained } = start(whole);
    writer.room = 1;
    transfer.send(100);
    transfer.send(100);
    await until(() => writer.messages.length === 1);
    expect(drained).toEqual([]);
    writer.drain();
    await until(() => drained.length === 2);
    expect(places(writer.messages)).toEqual([[0, 0, 100], [1, 0, 100]]);
  });

  test("prepares each piece once, before it is read", async () => {
    const calls: string[] = [];
    const { transfer, ends } = start({ runs: [{ first: 0, count: 2 }], offset: 0, bytes: 200 }, {
      prepare: async (piece) => void calls.push(`prepare ${piece}`),
      read: async (piece, offset) => void calls.push(`read ${piece} ${offset}`),
    });
    for (let i = 0; i < 4; i += 1) transfer.send(50);
    await until(() => ends.length === 1);
    expect(calls).toEqual(["prepare 0", "read 0 0", "read 0 50", "prepare 1", "read 1 0", "read 1 50"]);
  });

  test("a damaged piece ends it, is told, and the caller is not told where it lies", async () => {
    const held = Bitfield.create(4, true);
    const { transfer, writer, damaged, ends, logger } = start(whole, {
      held,
      async prepare(piece) {
        if (piece === 0) return;
        held.delete(piece);
        throw new IntegrityError("PIECE_DAMAGED", `piece ${piece} of /secret has changed`);
      },
    });
    for (let i = 0; i < 2; i += 1) transfer.send(100);
    await until(() => ends.length === 1);
    expect(places(writer.messages)).toEqual([[0, 0, 100]]);
    expect(damaged).toEqual([1]);
    expect(ends[0]).toMatchObject({ code: "PIECE_DAMAGED", message: expect.not.stringContaining("secret") });
    expect(logger.warn).toHaveBeenCalledOnce();
  });

  test("a disk that cannot read for now ends it, and the piece stays", async () => {
    const { transfer, damaged, ends } = start(whole, {
      read: () => Promise.reject(new StorageError("TOO_MANY_OPEN_FILES", "too many files are open")),
    });
    transfer.send(100);
    await until(() => ends.length === 1);
    expect(damaged).toEqual([]);
    expect(ends[0]).toMatchObject({ code: "PIECE_DAMAGED" });
  });

  test("a damaged piece is told also when the caller has left meanwhile", async () => {
    const held = Bitfield.create(4, true);
    const { transfer, ends, damaged, fail } = startWithPendingRead({ held });
    transfer.end();
    held.delete(0);
    fail(new IntegrityError("PIECE_DAMAGED", "piece 0 has changed"));
    await until(() => damaged.length === 1);
    expect(ends).toEqual([undefined]);
  });

  test("a content that is no longer served is nothing to warn of", async () => {
    const { transfer, writer, ends, damaged, logger, fail } = startWithPendingRead();
    transfer.end();
    fail(new CancelledError("the content is no longer served"));
    await new Promise((resolve) => setImmediate(resolve));
    expect([ends, damaged, writer.messages]).toEqual([[undefined], [], []]);
    expect(logger.warn).not.toHaveBeenCalled();
  });
});
