import { exceedsUtf8 } from "./utf8-length.js";

/** Longest name of a content in bytes of UTF-8. */
export const CONTENT_NAME_BYTES_MAX = 255;

/** Why a content cannot have this name, such as "it is empty"; undefined if it can. */
export function checkContentName(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name === "." || name === "..") return `"${name}" stands for a directory`;
  if (/[/\\]/.test(name)) return "it contains a slash or a backslash";
  if (/\p{Cc}/u.test(name)) return "it contains a control character";
  if (/\p{Cs}/u.test(name)) return "it is not valid Unicode";
  // Decoders of UTF-8 drop this character, so that the name would not arrive as it was sent.
  if (name.startsWith("\ufeff")) return "it begins with a byte order mark";
  if (exceedsUtf8(name, CONTENT_NAME_BYTES_MAX)) return `it is longer than ${CONTENT_NAME_BYTES_MAX} bytes`;
  return undefined;
}
