import { exceedsUtf8 } from "./utf8-length.js";

/** Longest path of an entry in bytes of UTF-8. */
export const PATH_BYTES_MAX = 4096;
/** Longest part of a path in bytes of UTF-8: no file system of today takes more. */
export const PATH_COMPONENT_BYTES_MAX = 255;

// Each is tried on the whole path: taking hostile paths apart, which may have thousands of components, costs far more.
const RULES: readonly (readonly [RegExp, string])[] = [
  [/^\//, "it is absolute"],
  [/\\/, "it contains a backslash, which separates directories on Windows"],
  [/\p{Cc}/u, "it contains a control character"],
  [/\p{Cs}/u, "it is not valid Unicode"],
  // Decoders of UTF-8 drop this character, so that the path would not arrive as it was sent.
  [/^\ufeff/, "it begins with a byte order mark"],
  [/\/\/|\/$/, "it has an empty component"],
  [/(?:^|\/)\.(?:\/|$)/, 'it has a component "."'],
  [/(?:^|\/)\.\.(?:\/|$)/, 'it has a component ".."'],
  [/[. ](?:\/|$)/, "it has a component that ends in a dot or a space, which Windows drops"],
  [/(?:^|\/)[a-z]:/i, "it has a component that begins with a drive letter"],
  // Windows opens a device under these names, whatever follows after a dot or a colon.
  [
    /(?:^|\/)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³]) *(?:[.:][^/]*)?(?:\/|$)/i,
    "it has a component that is the name of a device on Windows",
  ],
];

/**
 * Why an entry may not have this path, such as `it has a component ".."`; undefined if it may. Refused is what would leave the target
 * directory, name a device, or come out under another name, on Linux, macOS or Windows. Signs such as `*`, `?` and `:`, which are common
 * elsewhere and which Windows refuses to create, are allowed. The reason quotes nothing of the path.
 */
export function checkEntryPath(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (exceedsUtf8(path, PATH_BYTES_MAX)) return `it is longer than ${PATH_BYTES_MAX} bytes`;
  const broken = RULES.find(([pattern]) => pattern.test(path));
  if (broken !== undefined) return broken[1];
  return hasLongComponent(path) ? `it has a component longer than ${PATH_COMPONENT_BYTES_MAX} bytes` : undefined;
}

const hasLongComponent = (path: string): boolean =>
  exceedsUtf8(path, PATH_COMPONENT_BYTES_MAX) && path.split("/").some((component) => exceedsUtf8(component, PATH_COMPONENT_BYTES_MAX));
