import { access } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { formatBytes, RemoteError } from "@piecewise/base";
import { checkContentName, formatLink, isLink, pieceCountOf } from "@piecewise/manifest";
import type { PeerNode } from "@piecewise/peer-node";
import { LISTEN_FOR_NOBODY, withCommandNode } from "../command-node.js";
import type { CommandFlags } from "../command-table.js";
import { entryEvent, formatEntryTable } from "../entry-table.js";
import { fetchDescription } from "../fetch-description.js";
import { checkCanBeFound, findTarget } from "../find-target.js";
import { hashPath, type HashedPath } from "../hash-path.js";
import type { CommandContext } from "../host.js";
import { noteSkipped } from "../note-skipped.js";
import type { Output } from "../output.js";
import { shellQuote } from "../shell-quote.js";
import { chooseSources, type Sources } from "../sources.js";
import { parseWhat, type What } from "../what.js";

/** A content as it is shown. */
interface Inspected extends HashedPath {
  readonly name: string | undefined;
  /** For the link. */
  readonly sources: Sources;
}

/** `peer inspect WHAT|PATH`: what a content consists of, as one of its peers tells it, or as it would be if PATH were shared. */
export async function inspect(whatOrPath: string, flags: CommandFlags<"inspect">, context: CommandContext): Promise<void> {
  const { trackers, peers, logLevel } = flags;
  if (isPath(whatOrPath)) return show(await inspectPath(whatOrPath, flags, context), context.output);
  const wanted = parseWhat(whatOrPath);
  const sources = chooseSources({ trackers, peers }, wanted.kind === "link" ? wanted.link : undefined);
  await withCommandNode(context, { trackers: sources.trackers, listen: LISTEN_FOR_NOBODY }, logLevel, async (node) => {
    const isPathAfterAll = wanted.kind === "name" && (await exists(wanted.name)) && !(await isKnown(wanted.name, node, context));
    const inspected = isPathAfterAll
      ? await inspectPath(whatOrPath, flags, context)
      : await inspectContent(node, wanted, sources, flags, context);
    show(inspected, context.output);
  });
}

/** Whether it can be nothing but a path. */
const isPath = (text: string): boolean => !isLink(text) && text !== "" && checkContentName(text) !== undefined;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether a content has this name. Where no tracker answers none is known. */
async function isKnown(name: string, node: PeerNode, { host, output }: CommandContext): Promise<boolean> {
  try {
    return (await node.find({ name }, { signal: host.stop.signal })).length > 0;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    output.note(`taking "${name}" for a path: ${error.message}`);
    return false;
  }
}

async function inspectPath(path: string, flags: CommandFlags<"inspect">, context: CommandContext): Promise<Inspected> {
  const { trackers, peers, pieceLength } = flags;
  const hashed = await hashPath(path, pieceLength, context);
  return { ...hashed, name: basename(resolve(path)), sources: chooseSources({ trackers, peers }) };
}

async function inspectContent(
  node: PeerNode,
  wanted: What,
  sources: Sources,
  { pieceLength, sourceTimeoutMs }: CommandFlags<"inspect">,
  context: CommandContext,
): Promise<Inspected> {
  checkCanBeFound(wanted, sources);
  const target = await findTarget(node, wanted, pieceLength, sources, context);
  const { contentId, name } = target;
  const manifest = await fetchDescription(node, target, sourceTimeoutMs, context);
  return { contentId, name, manifest, skipped: [], sources };
}

function show({ contentId, name, manifest, skipped, sources }: Inspected, output: Output): void {
  const { totalBytes, pieceLength } = manifest;
  const pieces = pieceCountOf(manifest);
  const files = manifest.entries.filter(({ kind }) => kind === "file").length;
  // A name that cannot be shared is left out, as it would be refused.
  const linkName = name !== undefined && checkContentName(name) === undefined ? name : undefined;
  const link = formatLink({ contentId, name: linkName, ...sources });

  noteSkipped(skipped, output);
  for (const entry of manifest.entries) output.event(entryEvent(entry));
  output.event({ event: "inspected", contentId, name: name ?? null, link, bytes: totalBytes, pieceLength, pieces, files, skipped });

  if (name !== undefined) output.result(`name: ${name}`);
  output.result(`content id: ${contentId}`);
  output.result(`link: ${shellQuote(link)}`);
  output.result(`size: ${describeBytes(totalBytes)}`);
  output.result(`pieces: ${pieces} x ${describeBytes(pieceLength)}`);
  output.result(`files: ${files}`);
  output.result("");
  for (const line of formatEntryTable(manifest, name)) output.result(line);
}

/** Exact besides rounded: ids depend on every byte. */
const describeBytes = (bytes: number): string => (bytes < 1024 ? formatBytes(bytes) : `${formatBytes(bytes)} (${bytes} B)`);
