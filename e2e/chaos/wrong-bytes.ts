import { open } from "node:fs/promises";

const BLOCK_BYTES = 1_048_576;

/** How many bytes of a copy are not those of the original, missing and surplus ones included. */
export async function wrongBytes(copy: string, original: string): Promise<number> {
  await using copied = await open(copy);
  await using wanted = await open(original);
  const [copiedBytes, wantedBytes] = [(await copied.stat()).size, (await wanted.stat()).size];
  const commonBytes = Math.min(copiedBytes, wantedBytes);
  const [left, right] = [Buffer.alloc(BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES)];
  let wrong = Math.abs(copiedBytes - wantedBytes);
  for (let offset = 0; offset < commonBytes; offset += BLOCK_BYTES) {
    const length = Math.min(BLOCK_BYTES, commonBytes - offset);
    await copied.read(left, 0, length, offset);
    await wanted.read(right, 0, length, offset);
    if (left.compare(right, 0, length, 0, length) === 0) continue;
    for (let index = 0; index < length; index += 1) if (left[index] !== right[index]) wrong += 1;
  }
  return wrong;
}
