import { type ContentId, createError, formatBytes, IntegrityError, type PiecewiseError, RemoteError, UsageError } from "@piecewise/base";
import { type Manifest, pieceCountOf } from "@piecewise/manifest";
import { findWrongPieces } from "@piecewise/piece-store";
import { LISTEN_FOR_NOBODY, withCommandNode } from "../command-node.js";
import type { CommandFlags } from "../command-table.js";
import { compareEntries, comparePieces, type Difference, formatDifference, locatePieces } from "../differences.js";
import { fetchDescription } from "../fetch-description.js";
import { findTarget } from "../find-target.js";
import { hashPath, type HashedPath } from "../hash-path.js";
import type { CommandContext } from "../host.js";
import { noteSkipped } from "../note-skipped.js";
import type { Output } from "../output.js";
import { withHashProgress } from "../progress/hash-progress.js";
import { chooseSources } from "../sources.js";
import { parseWhat, type What } from "../what.js";

/** What stands for a content without a tracker: its whole id, or a link. */
type Expected = Extract<What, { readonly kind: "contentId" | "link" }>;

/** `peer verify PATH CONTENT_ID`: whether a path is this content; a peer of it is asked only to tell in what it differs. */
export async function verify(path: string, contentIdOrLink: string, flags: CommandFlags<"verify">, context: CommandContext): Promise<void> {
  const expected = parseExpected(contentIdOrLink);
  const contentId = expected.kind === "link" ? expected.link.contentId : expected.contentId;
  const found = await hashPath(path, flags.pieceLength, context);
  const { output } = context;
  noteSkipped(found.skipped, output);
  if (found.contentId !== contentId) {
    const manifest = await fetchExpected(path, found, expected, flags, context);
    const differences = await findDifferences(path, found.manifest, manifest, context);
    // Without any it is the same, only cut into other pieces.
    if (differences.length > 0) throw reportDifferences(path, contentId, differences, manifest, output);
  }
  output.event({ event: "verified", contentId, path, bytes: found.manifest.totalBytes });
  output.result(`"${path}" is ${contentId}: every byte is as it should be`);
}

function parseExpected(text: string): Expected {
  const wanted = parseWhat(text);
  if (wanted.kind === "contentId" || wanted.kind === "link") return wanted;
  throw new UsageError("INVALID_ARGUMENT", `"${text}" is not a whole content id: give "sha256:" and 64 lower-case hex digits, or a link`);
}

/** @throws RemoteError if nobody can tell what the content consists of; CancelledError. */
function fetchExpected(
  path: string,
  found: HashedPath,
  expected: Expected,
  { trackers, peers, logLevel, sourceTimeoutMs }: CommandFlags<"verify">,
  context: CommandContext,
): Promise<Manifest> {
  const sources = chooseSources({ trackers, peers }, expected.kind === "link" ? expected.link : undefined);
  return withCommandNode(context, { trackers: sources.trackers, listen: LISTEN_FOR_NOBODY }, logLevel, async (node) => {
    try {
      const target = await findTarget(node, expected, undefined, sources, context);
      return await fetchDescription(node, target, sourceTimeoutMs, context);
    } catch (error) {
      throw error instanceof RemoteError ? nobodyCanTell(path, found, error) : error;
    }
  });
}

async function findDifferences(path: string, found: Manifest, expected: Manifest, context: CommandContext): Promise<Difference[]> {
  const entries = compareEntries(found, expected);
  if (entries.some(({ difference }) => difference === "form")) return entries;
  const isComparable = entries.length === 0 && found.pieceLength === expected.pieceLength;
  const { signal } = context.host.stop;
  const wrong = isComparable
    ? comparePieces(found, expected)
    : await withHashProgress(path, context, (onProgress) => findWrongPieces(path, expected, { signal, onProgress }));
  return [...entries, ...locatePieces(wrong, expected)];
}

function nobodyCanTell(path: string, { contentId, manifest }: HashedPath, error: RemoteError): PiecewiseError {
  const problem = `"${path}" in pieces of ${formatBytes(manifest.pieceLength)} is ${contentId}, and what the other id stands for nobody can tell`;
  return createError(error.code, `${problem}: ${error.message}`, { cause: error });
}

/** Names every difference, and gives the error to throw. */
function reportDifferences(
  path: string,
  contentId: ContentId,
  differences: readonly Difference[],
  expected: Manifest,
  output: Output,
): IntegrityError {
  for (const difference of differences) {
    output.event({ event: "difference", ...difference });
    output.result(formatDifference(difference));
  }
  const message = `"${path}" is not ${contentId}: ${summarize(differences, expected)}; download it again to have what it was`;
  return new IntegrityError("CONTENT_CHANGED", message);
}

function summarize(differences: readonly Difference[], expected: Manifest): string {
  const pieces = differences.reduce((sum, item) => sum + (item.difference === "pieces" ? item.last - item.first + 1 : 0), 0);
  const entries = differences.filter(({ difference }) => difference !== "pieces").length;
  const parts = [
    ...(entries > 0 ? [`${entries} ${entries === 1 ? "name differs" : "names differ"}`] : []),
    ...(pieces > 0 ? [`${pieces} of ${pieceCountOf(expected)} pieces differ`] : []),
  ];
  return parts.join(", ");
}
