/**
 * Finds two paths that cannot lie in one tree everywhere: equal after NFC and case folding, as a whole or in a directory above them
 * (`Doc/a` and `doc/b`), or one a file and the other inside it (`doc` and `doc/a`).
 * @param paths legal ones (`checkEntryPath`), in any order.
 * @returns the paths, or the directories above them, that collide.
 */
export function findPathCollision(paths: readonly string[]): [string, string] | undefined {
  // In this order a directory is followed directly by what lies inside it, so it is enough to compare neighbours.
  const sorted = paths.map((path) => ({ path, key: foldCase(path) })).toSorted((a, b) => compareComponents(a.key, b.key));
  for (let i = 1; i < sorted.length; i += 1) {
    const collision = findNeighbourCollision(sorted[i - 1]!, sorted[i]!);
    if (collision !== undefined) return collision;
  }
  return undefined;
}

interface FoldedPath {
  readonly path: string;
  readonly key: string;
}

/** Equal for texts that are equal after NFC and full case folding. */
function foldCase(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  // The dotless i is a letter of its own: it is not folded, although its upper case is "I".
  return text.normalize("NFD").split("ı").map(foldPart).join("ı").normalize("NFC");
}

// Lower, upper and lower again does what Unicode calls full case folding: "ß" and "ss", "ſ" and "s", "ς" and "σ" become the same.
const foldPart = (part: string): string => part.toLowerCase().toUpperCase().toLowerCase();

/** Orders by code units, but "/" before every other. */
function compareComponents(a: string, b: string): number {
  const end = sharedLength(a, b);
  if (end === a.length || end === b.length) return a.length - b.length;
  if (a[end] === "/") return -1;
  return b[end] === "/" ? 1 : a.charCodeAt(end) - b.charCodeAt(end);
}

function findNeighbourCollision(a: FoldedPath, b: FoldedPath): [string, string] | undefined {
  const sharedKeys = countSharedComponents(a.key, b.key);
  const sharedPaths = countSharedComponents(a.path, b.path);
  if (sharedKeys > sharedPaths) return [firstComponents(a.path, sharedPaths + 1), firstComponents(b.path, sharedPaths + 1)];
  return b.path === a.path || isInside(b.path, a.path) ? [a.path, b.path] : undefined;
}

const isInside = (path: string, directory: string): boolean => path.startsWith(directory) && path[directory.length] === "/";

// The paths are not split into components for this: they are hostile, and may have thousands.
function countSharedComponents(a: string, b: string): number {
  const end = sharedLength(a, b);
  let count = isBoundary(a, end) && isBoundary(b, end) ? 1 : 0;
  for (let i = 0; i < end; i += 1) if (a[i] === "/") count += 1;
  return count;
}

const isBoundary = (path: string, index: number): boolean => index === path.length || path[index] === "/";

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}

const firstComponents = (path: string, count: number): string => path.split("/").slice(0, count).join("/");
