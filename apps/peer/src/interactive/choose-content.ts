import { formatBytes } from "@piecewise/base";
import type { ContentListing, DownloadTarget, PeerNode } from "@piecewise/peer-node";
import { formatContentTable } from "../content-table.js";
import type { CommandContext } from "../host.js";
import { fillMessage } from "../messages.js";
import { resolveContent, severalError, unknownNameError } from "../resolve-content.js";
import { parseListNumber } from "./answers.js";
import type { Dialogue } from "./dialogue.js";

/**
 * Finds the content of a name; a piece length that nobody offers gives way to what is offered, and a person is asked which of several.
 * @throws RemoteError CONTENT_NOT_FOUND and the like; UsageError NAME_AMBIGUOUS if there is nobody to ask, INVALID_ARGUMENT at the end of
 * the input; CancelledError.
 */
export async function chooseContent(
  node: PeerNode,
  name: string,
  pieceLength: number | undefined,
  dialogue: Dialogue,
  context: CommandContext,
): Promise<DownloadTarget> {
  const { host, output } = context;
  const { signal } = host.stop;
  const resolution = await resolveContent(node, { name, pieceLength }, signal);
  switch (resolution.kind) {
    case "unknown":
      throw await unknownNameError(node, name, signal);
    case "found":
      return { contentId: resolution.listing.contentId, name };
    case "several":
      return { contentId: (await askWhich(name, resolution.listings, dialogue, context)).contentId, name };
    case "otherPieceLength": {
      const { listings, wanted } = resolution;
      if (listings.length > 1) return { contentId: (await askWhich(name, listings, dialogue, context)).contentId, name };
      const [{ contentId, pieceLength: offered }] = listings;
      const lengths = { offered: formatBytes(offered), wanted: formatBytes(wanted) };
      output.result(fillMessage(output.messages.otherPieceLengthTaken, { name, ...lengths }));
      return { contentId, name };
    }
  }
}

async function askWhich(
  name: string,
  listings: readonly ContentListing[],
  dialogue: Dialogue,
  { output }: CommandContext,
): Promise<ContentListing> {
  const { messages } = output;
  const [header, ...rows] = formatContentTable(listings);
  const width = String(rows.length).length;
  output.result(fillMessage(messages.severalOfThatName, { name }));
  output.result(`${" ".repeat(width)}  ${header}`);
  for (const [index, row] of rows.entries()) output.result(`${String(index + 1).padStart(width)}. ${row}`);
  if (!dialogue.isWithPerson) throw severalError(name, listings.length);
  const question = fillMessage(messages.askWhich, { count: listings.length });
  return listings[await dialogue.ask(question, (answer) => parseListNumber(answer, listings.length, messages))]!;
}
