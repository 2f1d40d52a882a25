/** What BitTorrent's encoding can express. Keys of dictionaries are sorted by the encoder. */
export type Bencoded = number | string | Uint8Array | readonly Bencoded[] | { readonly [key: string]: Bencoded };

export function bencode(value: Bencoded): Buffer {
  if (typeof value === "number") return Buffer.from(`i${value}e`);
  if (typeof value === "string") return bencode(Buffer.from(value));
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (Array.isArray(value)) return enclosed("l", value.map(bencode));
  const entries = Object.entries(value as { readonly [key: string]: Bencoded });
  const sorted = entries.map(([key, item]) => [Buffer.from(key), item] as const).toSorted(([a], [b]) => a.compare(b));
  return enclosed("d", sorted.flatMap(([key, item]) => [bencode(key), bencode(item)]));
}

const enclosed = (mark: string, parts: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from(mark), ...parts, Buffer.from("e")]);
