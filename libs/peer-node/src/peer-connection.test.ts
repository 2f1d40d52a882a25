import { sha256 } from "@piecewise/piece-store";
import { contentIdFromHash, MIB, RemoteError } from "@piecewise/base";
import { MANIFEST_BYTES_MAX } from "@piecewise/manifest";
import { afterEach, describe, expect, test } from "vitest";
import { NEWS_BURST, NEWS_PER_SECOND_MAX, PeerConnection } from "./peer-connection.js";
import { deferred } from "./testing/deferred.js";
import { testFile } from "./testing/fake-content.js";
import { aborted, type PeerHandlers, servingAll, startFakePeer } from "./testing/fake-peer.js";

const file = testFile(350, 100);
const caller = { peerId: Uint8Array.from({ length: 16 }, () => 9), port: 4001 };
const never = new AbortController().signal;
const closers: (() => Promise<void> | void)[] = [];

async function connect(handlers: Partial<PeerHandlers>, contentId = file.contentId): Promise<PeerConnection> {
  const peer = await startFakePeer(handlers);
  const connection = new PeerConnection(peer.address, contentId, caller);
  closers.push(
    () => connection.close(),
    () => peer.close({ drainMs: 0 }),
  );
  return connection;
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe("a manifest", () => {
  test("comes in parts and is held against the id", async () => {
    const bytes = file.manifestBytes;
    const connection = await connect({
      async getManifest(request, _, stream) {
        expect(request).toMatchObject({ contentId: file.contentId, caller });
        for (const part of [bytes.subarray(0, 10), bytes.subarray(10, 11), bytes.subarray(11)]) stream.write({ data: part });
      },
    });
    expect(Buffer.from(await connection.fetchManifest(never)).equals(bytes)).toBe(true);
  });

  test.each([
    ["of another content", testFile(351, 100).manifestBytes],
    ["that breaks off", file.manifestBytes.subarray(0, -1)],
    ["that does not come", undefined],
  ])("%s is invalid", async (_, data) => {
    const connection = await connect({ getManifest: async (__, ___, stream) => void (data && stream.write({ data })) });
    await expect(connection.fetchManifest(never)).rejects.toMatchObject({ code: "MANIFEST_INVALID", message: expect.stringContaining(connection.address) });
  });

  test("that is longer than any may be is cut off", async () => {
    const over = deferred();
    let sentBytes = 0;
    const connection = await connect({
      async getManifest(_, { signal }, stream) {
        const data = new Uint8Array(2 * MIB);
        while (!signal.aborted) {
          stream.write({ data });
          sentBytes += data.length;
          await stream.drained();
        }
        over.resolve();
      },
    });
    await expect(connection.fetchManifest(never)).rejects.toMatchObject({ code: "MANIFEST_INVALID", message: expect.stringContaining("more than") });
    await over.promise;
    expect(sentBytes).toBeLessThan(MANIFEST_BYTES_MAX + 16 * MIB);
  });

  test("of the greatest length is taken", async () => {
    const bytes = Buffer.alloc(MANIFEST_BYTES_MAX, 1);
    const contentId = contentIdFromHash(sha256(bytes));
    const connection = await connect(
      {
        async getManifest(_, __, stream) {
          for (let offset = 0; offset < bytes.length; offset += 2 * MIB) {
            stream.write({ data: bytes.subarray(offset, offset + 2 * MIB) });
            await stream.drained();
          }
        },
      },
      contentId,
    );
    expect(await connection.fetchManifest(never)).toHaveLength(MANIFEST_BYTES_MAX);
  });

  test("that a peer does not give", async () => {
    const connection = await connect({
      async getManifest() {
        throw new RemoteError("BUSY", "come back", { retryAfterMs: 700 });
      },
    });
    await expect(connection.fetchManifest(never)).rejects.toMatchObject({ code: "BUSY", retryAfterMs: 700 });
  });

  test("that is not wanted any more is given up", async () => {
    const left = deferred();
    const unwanted = new AbortController();
    const connection = await connect({
      async getManifest(_, { signal }) {
        unwanted.abort();
        await aborted(signal);
        left.resolve();
      },
    });
    const fetched = connection.fetchManifest(unwanted.signal);
    await expect(fetched).rejects.toMatchObject({ code: "CANCELLED" });
    await left.promise;
  });

  test("that does not come is given up when the connection closes", async () => {
    const connection = await connect({ getManifest: (_, { signal }) => aborted(signal) });
    const fetched = connection.fetchManifest(never);
    connection.close();
    await expect(fetched).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("a connection", () => {
  test("asks for pieces on another connection than for news, and says who calls", async () => {
    const connection = await connect(servingAll(file));
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      connection.watchPieces({
        onMessage: ({ offered }) => {
          events.push(`offered ${offered[0]!.toString(2)}`);
          connection.getPiece({ runs: [{ first: 1, count: 2 }], offset: 0, length: 0 }, {
            onMessage: ({ pieceIndex, data }) => events.push(`piece ${pieceIndex}, ${data.length} bytes`),
            onEnd: (error) => resolve(void events.push(`ended ${error?.code ?? "well"}`)),
          });
        },
        onEnd: () => events.push("the watch ended"),
      });
    });
    expect(events).toEqual(["offered 11110000", "piece 1, 100 bytes", "piece 2, 100 bytes", "ended well"]);
  });

  test("reads no more news than an honest peer can have", async () => {
    const connection = await connect({
      async watchPieces(_, { signal }, stream) {
        while (!signal.aborted) {
          stream.write({});
          await stream.drained();
        }
      },
    });
    let messages = 0;
    let firstAtMs = 0;
    const elapsedMs = await new Promise<number>((resolve, reject) => {
      connection.watchPieces({
        onMessage() {
          messages += 1;
          if (messages === 1) firstAtMs = performance.now();
          if (messages === NEWS_BURST + NEWS_PER_SECOND_MAX / 2) resolve(performance.now() - firstAtMs);
        },
        onEnd: reject,
      });
    });
    // What goes beyond the burst takes half a second at least, however fast it is sent.
    expect(elapsedMs).toBeGreaterThan(450);
  });

  test("tells other peers, and who asked", async () => {
    const connection = await connect({
      exchangePeers: (request) => {
        expect(request).toMatchObject({ contentId: file.contentId, caller });
        return { peers: ["192.0.2.1:1", "127.0.0.1:2", ":", "169.254.169.254:80", "192.0.2.2:0"].map((address) => ({ address })) };
      },
    });
    expect(await connection.exchangePeers()).toEqual(["192.0.2.1:1", "127.0.0.1:2"]);
  });

  test("is silent when it is closed", async () => {
    const connection = await connect({ watchPieces: (_, { signal }) => aborted(signal) });
    const heard: string[] = [];
    connection.watchPieces({ onMessage: () => heard.push("message"), onEnd: () => heard.push("end") });
    connection.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
  });

  test("sends a report although it is closed right after", async () => {
    const reported = deferred<number>();
    const connection = await connect({
      reportBadPiece: ({ pieceIndex }) => {
        reported.resolve(pieceIndex);
        return {};
      },
    });
    const report = connection.reportBadPiece(3);
    connection.close();
    await report;
    expect(await reported.promise).toBe(3);
  });
});
