import { createHash } from "node:crypto";
import { KIB, MIB } from "@piecewise/base";
import { bench, describe } from "vitest";
import { sha256 } from "./sha256.js";

describe.each([16 * KIB, 256 * KIB, MIB])("hashing %i bytes", (bytes) => {
  const data = new Uint8Array(bytes).fill(7);
  const chunks = Array.from({ length: bytes / (16 * KIB) }, (_, index) => data.subarray(index * 16 * KIB, (index + 1) * 16 * KIB));
  bench("at once", () => void sha256(data));
  bench("in parts of 16 KiB", () => {
    const hash = createHash("sha256");
    for (const chunk of chunks) hash.update(chunk);
    hash.digest();
  });
});
