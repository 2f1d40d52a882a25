import type { Manifest } from "@piecewise/manifest";
import type { DownloadTarget, PeerNode } from "@piecewise/peer-node";
import type { CommandContext } from "./host.js";
import { downloadEvent, downloadLine } from "./progress/download-progress.js";
import { withProgress } from "./progress/progress-display.js";

/** Fetches the manifest of a content with progress. @throws RemoteError NO_PEERS; IntegrityError MANIFEST_INVALID; CancelledError. */
export const fetchDescription = (
  node: PeerNode,
  target: DownloadTarget,
  sourceTimeoutMs: number | undefined,
  context: CommandContext,
): Promise<Manifest> =>
  withProgress(context, (report) =>
    node.fetchManifest(target, {
      sourceTimeoutMs,
      signal: context.host.stop.signal,
      onProgress: (progress) => report({ line: downloadLine(progress, context.output.messages), event: downloadEvent(progress) }),
    }),
  );
