import { UsageError } from "./errors.js";

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i;
const FACTORS: Record<string, number> = { "": 1, k: KIB, m: MIB, g: GIB, t: 1024 * GIB };

/**
 * Parses a size such as `262144`, `256K`, `1.5M` or `2G` (powers of 1024) to whole bytes; what does not come out even is rounded.
 * @throws UsageError INVALID_ARGUMENT if `text` is no such size; `what` names it in the message.
 */
export function parseBytes(text: string, what: string): number {
  const match = SIZE.exec(text.trim());
  const factor = FACTORS[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN;
  const exact = Number(match?.[1]) * factor;
  const bytes = factor === 1 ? exact : Math.round(exact);
  if (!Number.isSafeInteger(bytes)) {
    throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not a size: give bytes or a number with K, M or G, such as 256K`);
  }
  return bytes;
}

/** `1536` → `"1.5 KiB"`. For people. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  // From here on it would be rounded to 1024 of this unit, which is 1 of the next.
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${units[unit]}`;
}
