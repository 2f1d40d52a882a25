import { CancelledError } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import type { DownloadTarget, PeerNode } from "@piecewise/peer-node";
import type { CommandContext } from "./host.js";
import { downloadEvent, downloadLine } from "./progress/download-progress.js";
import { withProgress } from "./progress/progress-display.js";

/** Fetches the manifest of a content with progress. @throws RemoteError NO_PEERS; IntegrityError MANIFEST_INVALID; CancelledError. */
export async function fetchDescription(
  node: PeerNode,
  target: DownloadTarget,
  sourceTimeoutMs: number | undefined,
  context: CommandContext,
): Promise<Manifest> {
  const { host, output } = context;
  try {
    return await withProgress(context, (report) =>
      node.fetchManifest(target, {
        sourceTimeoutMs,
        signal: host.stop.signal,
        onProgress: (progress) => report({ line: downloadLine(progress, output.messages), event: downloadEvent(progress) }),
      }),
    );
  } catch (error) {
    throw error instanceof CancelledError ? new CancelledError("interrupted before the description was there", { cause: error }) : error;
  }
}
