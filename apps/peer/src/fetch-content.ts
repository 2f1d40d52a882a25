import { CancelledError, formatBytes } from "@piecewise/base";
import type { DownloadOptions, DownloadResult, DownloadTarget, PeerNode } from "@piecewise/peer-node";
import type { CommandContext } from "./host.js";
import { fillMessage } from "./messages.js";
import type { Output } from "./output.js";
import { downloadEvent, downloadLine } from "./progress/download-progress.js";
import { type ProgressReport, withProgress } from "./progress/progress-display.js";

type FetchChoices = Pick<DownloadOptions, "output" | "peersMax" | "force" | "sourceTimeoutMs" | "recordPath">;

/**
 * Downloads with progress and says where it is.
 * @throws what the node throws; CancelledError that tells what was kept, if it was stopped.
 */
export async function fetchContent(node: PeerNode, target: DownloadTarget, choices: FetchChoices, context: CommandContext): Promise<void> {
  const { host, output } = context;
  let verifiedBytes = 0;
  const runDownload = (report: (report: ProgressReport) => void): Promise<DownloadResult> =>
    node.download(target, {
      ...choices,
      signal: host.stop.signal,
      onProgress(progress) {
        verifiedBytes = progress.verifiedBytes;
        report({ line: downloadLine(progress, output.messages), event: downloadEvent(progress) });
      },
    });
  try {
    announceFetched(await withProgress(context, runDownload), output);
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
    const kept = verifiedBytes === 0 ? "nothing was verified yet" : `${formatBytes(verifiedBytes)} are verified and kept`;
    throw new CancelledError(`interrupted: ${kept}; the same command resumes`, { cause: error });
  }
}

function announceFetched({ contentId, path, bytes, receivedBytes, resumedBytes, peers }: DownloadResult, output: Output): void {
  const { messages } = output;
  output.event({ event: "finished", contentId, path, bytes, receivedBytes, resumedBytes, peers });
  output.result(fillMessage(messages.saved, { path }));
  const figures = { size: formatBytes(bytes), received: formatBytes(receivedBytes), resumed: formatBytes(resumedBytes) };
  output.result(`  ${fillMessage(messages.savedSummary, figures)}`);
  for (const peer of peers) {
    output.result(`  ${fillMessage(messages.savedFrom, { address: peer.address, size: formatBytes(peer.bytes), pieces: peer.pieces })}`);
  }
}
