// Inputs that consist of several parts are bytes, too, so that everything that changes bytes changes them.

const PART_BYTES_MAX = 0xffff;

/** Puts parts behind each other, each with its length (2 bytes, big endian) in front. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Math.min(part.length, PART_BYTES_MAX));
      return [length, part.subarray(0, PART_BYTES_MAX)];
    }),
  );
}

/** Takes any bytes apart, at most so many parts; what is cut off is as long as there is of it. */
export function splitParts(input: Uint8Array, partsMax: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length && parts.length < partsMax; ) {
    const start = at + 2;
    at = start + ((input[at]! << 8) | input[at + 1]!);
    parts.push(input.subarray(start, at));
  }
  return parts;
}

/** `bytes` in pieces of these lengths, again and again; without any, or where one is 0, a byte at a time. */
export function cutBytes(bytes: Buffer, lengths: Uint8Array): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Math.max(1, lengths[pieces.length % Math.max(1, lengths.length)] ?? 1);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
