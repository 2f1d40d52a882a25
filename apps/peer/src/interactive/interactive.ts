import type { DownloadTarget, PeerNode } from "@piecewise/peer-node";
import type { InteractiveFlags } from "../command-table.js";
import { withCommandNode } from "../command-node.js";
import { fetchContent } from "../fetch-content.js";
import type { CommandContext } from "../host.js";
import { serveUntilStopped, shareAndServe } from "../share-content.js";
import { chooseSources } from "../sources.js";
import { parseExistingPath, parseFilled, parseOneOrTwo, parseOptionalPieceLength, parsePort } from "./answers.js";
import { chooseContent } from "./choose-content.js";
import { Dialogue } from "./dialogue.js";

/** What the questions are for. */
type Answers =
  | { readonly mode: "upload"; readonly port: number; readonly path: string }
  | {
      readonly mode: "download";
      readonly port: number;
      readonly name: string;
      readonly pieceLength: number | undefined;
      readonly output: string | undefined;
      readonly peersMax: number | undefined;
    };

/** `peer` alone: asks what to do, does it, and serves until it is stopped. */
export async function interactive(flags: InteractiveFlags, context: CommandContext): Promise<void> {
  const { trackers } = chooseSources({ trackers: flags.trackers, peers: [] });
  using dialogue = new Dialogue(context);
  const answers = await askAll(dialogue, context);
  const options = { trackers, port: answers.port };
  await withCommandNode(context, options, flags.logLevel, async (node) => {
    if (answers.mode === "upload") {
      dialogue.close();
      await shareAndServe(node, [answers.path], {}, context);
      return;
    }
    const target = await chooseContent(node, answers.name, answers.pieceLength, dialogue, context);
    dialogue.close();
    await fetchAndServe(node, target, answers, context);
  });
}

async function fetchAndServe(
  node: PeerNode,
  target: DownloadTarget,
  { output, peersMax }: { readonly output: string | undefined; readonly peersMax: number | undefined },
  context: CommandContext,
): Promise<void> {
  await fetchContent(node, target, { output, peersMax }, context);
  await serveUntilStopped(node, context);
}

async function askAll(dialogue: Dialogue, { output: { messages } }: CommandContext): Promise<Answers> {
  const mode = await dialogue.ask(messages.askMode, (answer) => parseOneOrTwo(answer, messages));
  const port = await dialogue.ask(messages.askPort, (answer) => parsePort(answer, messages));
  if (mode === 1) {
    return { mode: "upload", port, path: await dialogue.ask(messages.askPath, (answer) => parseExistingPath(answer, messages)) };
  }
  return {
    mode: "download",
    port,
    name: await dialogue.ask(messages.askName, (answer) => parseFilled(answer, messages)),
    pieceLength: await dialogue.ask(messages.askPieceLength, (answer) => parseOptionalPieceLength(answer, messages)),
    output: await dialogue.ask(messages.askOutput, (answer) => (answer === "" ? undefined : answer)),
    peersMax: await dialogue.ask(messages.askMethod, (answer) => (parseOneOrTwo(answer, messages) === 1 ? 1 : undefined)),
  };
}
