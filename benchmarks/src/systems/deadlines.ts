/** How long a seeder may take to hash the largest content and to be found. */
export const READY_MAX_MS = 120_000;
/** How long the longest measurement may take. */
export const FETCH_MAX_MS = 900_000;
