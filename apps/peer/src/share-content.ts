import { CancelledError, formatBytes } from "@piecewise/base";
import type { PeerNode, SharedContent, ShareOptions } from "@piecewise/peer-node";
import type { CommandContext } from "./host.js";
import { fillMessage } from "./messages.js";
import { noteSkipped } from "./note-skipped.js";
import type { Output } from "./output.js";
import { withHashProgress } from "./progress/hash-progress.js";
import { shellQuote } from "./shell-quote.js";
import { whenStopped } from "./stop-switch.js";

type ShareChoices = Pick<ShareOptions, "name" | "pieceLength">;

/** Shares one path after the other and says how to fetch each; then serves until it is told to stop, which is no error at any moment. */
export async function shareAndServe(node: PeerNode, paths: readonly string[], choices: ShareChoices, context: CommandContext): Promise<void> {
  try {
    for (const path of paths) announceShared(await shareContent(node, path, choices, context), context.output);
    context.output.event({ event: "serving", address: node.listenAddress, publicAddress: node.publicAddress });
    await serveUntilStopped(node, context);
  } catch (error) {
    if (!(error instanceof CancelledError && context.host.stop.signal.aborted)) throw error;
  }
}

export async function serveUntilStopped(node: PeerNode, { host, output }: CommandContext): Promise<void> {
  output.result(fillMessage(output.messages.serving, { address: node.listenAddress }));
  await whenStopped(host.stop.signal);
}

function shareContent(node: PeerNode, path: string, choices: ShareChoices, context: CommandContext): Promise<SharedContent> {
  const { signal } = context.host.stop;
  return withHashProgress(path, context, (onProgress) => node.share(path, { ...choices, signal, onProgress }));
}

function announceShared(content: SharedContent, output: Output): void {
  const { contentId, name, link, totalBytes, pieceLength, pieceCount, fileCount, skipped } = content;
  const { messages } = output;
  noteSkipped(skipped, output);
  output.event({
    event: "shared",
    contentId,
    name,
    link,
    bytes: totalBytes,
    pieceLength,
    pieces: pieceCount,
    files: fileCount,
    skipped,
  });
  output.result(
    fillMessage(messages.shared, { name, size: formatBytes(totalBytes), pieces: pieceCount, pieceLength: formatBytes(pieceLength) }),
  );
  output.result(`  ${fillMessage(messages.sharedId, { id: contentId })}`);
  // Quoted in both places, for a shell must not see what is in it.
  const quoted = shellQuote(link);
  output.result(`  ${fillMessage(messages.sharedLink, { link: quoted })}`);
  output.result(`  ${fillMessage(messages.sharedCommand, { command: `peer download ${quoted}` })}`);
}
