import * as fc from "fast-check";

// UTF-8 cannot write halves of characters, which texts of JavaScript may have: two private signs stand for them.
const HALVES = [
  ["\u{e000}", "\ud83d"],
  ["\u{e001}", "\ude00"],
] as const;

/** The text that these bytes write. */
export function textOf(input: Uint8Array): string {
  let text = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString("utf8");
  for (const [sign, half] of HALVES) text = text.replaceAll(sign, half);
  return text;
}

/** The bytes that write a text. */
export function bytesOf(text: string): Uint8Array {
  const signs = text.replaceAll(/\p{Cs}/gu, (half) => HALVES.find(([, known]) => known === half)?.[0] ?? half);
  return Buffer.from(signs, "utf8");
}

/** Texts put together from parts that mean something to whoever reads them. */
export const textFrom = (parts: readonly string[], partsMax = 8): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: partsMax }).map((chosen) => bytesOf(chosen.join("")));
