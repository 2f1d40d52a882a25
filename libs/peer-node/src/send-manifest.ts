import type { MessageInitShape } from "@bufbuild/protobuf";
import { RemoteError } from "@piecewise/base";
import type { GetManifestResponseSchema } from "@piecewise/contract";
import type { StreamWriter } from "@piecewise/rpc";

/** A caller that takes nothing for so long makes room for another. */
export const MANIFEST_DRAIN_MS_MAX = 15_000;

/** What a caller of GetManifest is told to wait that is refused, or lost its place. */
export const MANIFEST_RETRY_AFTER_MS = 1_000;

const MANIFEST_PART_BYTES = 256 * 1024;

export type ManifestWriter = StreamWriter<MessageInitShape<typeof GetManifestResponseSchema>>;

/** Sends the bytes of a manifest in parts, until the caller leaves. @throws RemoteError TOO_SLOW */
export async function sendManifest(manifestBytes: Uint8Array, stream: ManifestWriter, signal: AbortSignal): Promise<void> {
  for (let offset = 0; offset < manifestBytes.length && !signal.aborted; offset += MANIFEST_PART_BYTES) {
    if (!stream.write({ data: manifestBytes.subarray(offset, offset + MANIFEST_PART_BYTES) })) await drainedInTime(stream);
  }
}

function drainedInTime(stream: ManifestWriter): Promise<void> {
  return new Promise((resolve, reject) => {
    const tooSlow = (): void => reject(new RemoteError("TOO_SLOW", "the manifest was not read for a long time", { retryAfterMs: MANIFEST_RETRY_AFTER_MS }));
    const timer = setTimeout(tooSlow, MANIFEST_DRAIN_MS_MAX);
    void stream.drained().then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
