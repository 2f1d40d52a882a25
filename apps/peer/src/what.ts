import { isContentId, isContentIdPrefix, UsageError, type ContentId } from "@piecewise/base";
import { isLink, parseLink, type Link } from "@piecewise/manifest";

/** What the WHAT of a download means. */
export type What =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "contentId"; readonly contentId: ContentId }
  | { readonly kind: "idPrefix"; readonly idPrefix: string }
  | { readonly kind: "link"; readonly link: Link };

/**
 * Tells a link, a content id, the beginning of one and a name apart, by their form alone.
 * @throws UsageError LINK_INVALID for half a link; INVALID_ARGUMENT for something that is only nearly a content id.
 */
export function parseWhat(text: string): What {
  if (isLink(text)) return { kind: "link", link: parseLink(text) };
  if (isContentId(text)) return { kind: "contentId", contentId: text };
  if (isContentIdPrefix(text)) return { kind: "idPrefix", idPrefix: text };
  if (text === "") throw new UsageError("INVALID_ARGUMENT", "the name is empty: give a name, a content id or a link");
  if (text.startsWith("sha256:")) {
    throw new UsageError("INVALID_ARGUMENT", `"${text}" is not a content id: give "sha256:" and 8 to 64 lower-case hex digits`);
  }
  return { kind: "name", name: text };
}
