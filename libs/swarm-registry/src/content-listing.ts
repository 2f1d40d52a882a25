import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from "./limits.js";
import type { ContentPage, ContentQuery, ContentSummary } from "./registry-calls.js";
import { type Swarms, foldName } from "./swarms.js";

const ID_SCHEME = "sha256:";
/** Sorts behind every hex digit. */
const BEHIND_DIGITS = "~";

/** One page of the contents that a checked query asks for. The page token is the last id of the page before, without its scheme. */
export function listContents(swarms: Swarms, query: ContentQuery): ContentPage {
  const pageSize = Math.min(query.pageSize === 0 ? PAGE_SIZE_DEFAULT : query.pageSize, PAGE_SIZE_MAX);
  const filter = foldName(query.filter);
  const behindToken = query.pageToken === "" ? "" : `${ID_SCHEME}${query.pageToken}${BEHIND_DIGITS}`;
  const contents: ContentSummary[] = [];
  for (const contentId of swarms.idsFrom(behindToken > query.idPrefix ? behindToken : query.idPrefix)) {
    if (!contentId.startsWith(query.idPrefix)) break;
    const swarm = swarms.find(contentId)!;
    if (filter !== "" && !swarms.hasNameWith(swarm, filter)) continue;
    if (contents.length === pageSize) return { contents, nextPageToken: contents.at(-1)!.contentId.slice(ID_SCHEME.length) };
    contents.push(swarms.summarize(swarm));
  }
  return { contents, nextPageToken: "" };
}
