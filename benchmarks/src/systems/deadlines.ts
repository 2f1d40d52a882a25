import type { Content } from "../measure/content.js";

/** How long a seeder may take to hash the largest content and to be found. */
export const READY_MAX_MS = 120_000;
const FETCH_MAX_MS = 90_000;
/** Slower than anything that is measured. */
const BYTES_PER_MS_MIN = 5_000;

/** How long fetching may take before it counts as stalled. */
export const fetchMaxMs = ({ bytes }: Content): number => FETCH_MAX_MS + bytes / BYTES_PER_MS_MIN;
