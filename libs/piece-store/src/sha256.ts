import { createHash } from "node:crypto";

/** Length of a SHA-256. */
export const SHA256_BYTES = 32;

/** The SHA-256 of bytes that are in memory. */
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
