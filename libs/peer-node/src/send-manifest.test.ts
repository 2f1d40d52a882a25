import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MANIFEST_DRAIN_MS_MAX, MANIFEST_RETRY_AFTER_MS, sendManifest } from "./send-manifest.js";
import { FakeWriter } from "./testing/fake-writer.js";

const bytes = Buffer.from(Uint8Array.from({ length: 600_000 }, (_, index) => index % 251));
const never = new AbortController().signal;

class ManifestWriter extends FakeWriter<{ readonly data?: Uint8Array }> {
  get sentBytes(): Buffer {
    return Buffer.concat(this.messages.map(({ data }) => data ?? new Uint8Array()));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("sending a manifest", () => {
  test("goes in parts, as fast as they are taken", async () => {
    const writer = new ManifestWriter();
    writer.room = 1;
    const sent = sendManifest(bytes, writer, never);
    expect(writer.messages).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(MANIFEST_DRAIN_MS_MAX - 1);
    expect(writer.messages).toHaveLength(1);
    writer.drain();
    await sent;
    expect(writer.sentBytes.equals(bytes)).toBe(true);
    expect(writer.messages).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends for a caller that does not read", async () => {
    const writer = new ManifestWriter();
    writer.room = 1;
    const refused = sendManifest(bytes, writer, never).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(MANIFEST_DRAIN_MS_MAX);
    expect(await refused).toMatchObject({ code: "TOO_SLOW", retryAfterMs: MANIFEST_RETRY_AFTER_MS });
    expect(writer.messages).toHaveLength(1);
  });

  test("ends when the caller leaves", async () => {
    const writer = new ManifestWriter();
    writer.room = 1;
    const leaving = new AbortController();
    const sent = sendManifest(bytes, writer, leaving.signal);
    leaving.abort();
    writer.drain();
    await sent;
    expect(writer.messages).toHaveLength(1);
  });
});
