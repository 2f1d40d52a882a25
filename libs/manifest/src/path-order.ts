// UTF-16 puts the characters above U+FFFF (pairs of 0xD800 to 0xDFFF) before 0xE000 to 0xFFFF; UTF-8 puts them behind.
const utf8Rank = (codeUnit: number): number => {
  if (codeUnit < 0xd800) return codeUnit;
  return codeUnit >= 0xe000 ? codeUnit - 0x800 : codeUnit + 0x2000;
};

/** The order of entries in a manifest: by the UTF-8 bytes of their paths. Negative, 0 or positive, as `sort` wants it. */
export function comparePaths(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = utf8Rank(a.charCodeAt(i)) - utf8Rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
