import { CancelledError, formatBytes } from "@piecewise/base";
import type { PeerNode, SharedContent, ShareOptions } from "@piecewise/peer-node";
import type { CommandContext } from "./host.js";
import { fillMessage } from "./messages.js";
import type { Output } from "./output.js";
import { hashEvent, hashLine } from "./progress/hash-progress.js";
import { openProgressDisplay } from "./progress/progress-display.js";
import { shellQuote } from "./shell-quote.js";
import { whenStopped } from "./stop-switch.js";

/** How many paths that were left out are named. */
const SKIPPED_SHOWN_MAX = 10;

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

async function shareContent(node: PeerNode, path: string, choices: ShareChoices, context: CommandContext): Promise<SharedContent> {
  const { host, output } = context;
  const display = await openProgressDisplay(context);
  try {
    return await node.share(path, {
      ...choices,
      signal: host.stop.signal,
      onProgress: (progress) => display.report({ line: hashLine(path, progress, output.messages), event: hashEvent(path, progress) }),
    });
  } finally {
    display.stop();
  }
}

function announceShared(content: SharedContent, output: Output): void {
  const { contentId, name, link, totalBytes, pieceLength, pieceCount, fileCount, skipped } = content;
  const { messages } = output;
  if (skipped.length > 0) output.note(fillMessage(messages.skipped, { paths: formatSkipped(skipped, messages.andMore) }));
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

function formatSkipped(paths: readonly string[], andMore: string): string {
  const shown = paths.slice(0, SKIPPED_SHOWN_MAX).join(", ");
  return paths.length <= SKIPPED_SHOWN_MAX ? shown : `${shown} ${fillMessage(andMore, { count: paths.length - SKIPPED_SHOWN_MAX })}`;
}
