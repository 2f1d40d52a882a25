/** How many names are suggested. */
export const NEAR_MATCHES_MAX = 5;

/** The names that share the longest beginning with `name`, capitals aside; none if no first letter is the same. In their order. */
export function nearMatches(name: string, candidates: readonly string[]): string[] {
  const lengths = candidates.map((candidate) => sharedPrefixLength(name, candidate));
  const longest = Math.max(0, ...lengths);
  if (longest === 0) return [];
  return candidates.filter((_, index) => lengths[index] === longest).slice(0, NEAR_MATCHES_MAX);
}

/** In characters. */
function sharedPrefixLength(a: string, b: string): number {
  const left = [...a.toLowerCase()];
  const right = [...b.toLowerCase()];
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) length += 1;
  return length;
}
