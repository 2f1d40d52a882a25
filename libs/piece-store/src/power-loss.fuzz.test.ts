import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { FaultyDisk } from "./testing/faulty-disk.js";
import { PowerLossTrial } from "./testing/power-loss-trial.js";
import { memoryPlace, useTemporaryFolders } from "./testing/temporary-folder.js";

const orders = join(tmpdir(), `piecewise-power-loss-${process.pid}`);
FaultyDisk.install(orders);
// What the store calls has to be replaced before the store is loaded.
const { openFileStore } = await import("./file-store.js");
const { startHasher } = await import("./hasher.js");

/** A trial takes as long as a hundred inputs of other tests of this kind. */
const TRIALS = Number(process.env.PIECEWISE_FUZZ_CASES ?? 10_000) / 100;
// Runs with seeds that follow each other have no trial in common.
const FIRST_SEED = Number(process.env.PIECEWISE_FUZZ_SEED ?? 1) * TRIALS;
const TIMEOUT_MS = 60_000 + 500 * TRIALS;

const createFolder = useTemporaryFolders(memoryPlace());
// One thread for all trials: to start one takes longer than they do.
let hasher: AsyncDisposable;
beforeAll(() => {
  hasher = startHasher();
});
afterAll(() => hasher[Symbol.asyncDispose]());

async function expectSurvived(seed: number): Promise<void> {
  await new PowerLossTrial(seed, { orders, createFolder, openFileStore }).run().catch((error: unknown) => {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  });
}

test(`a download survives a disk that loses what was not synced, and kills, at any moment: ${TRIALS} trials`, { timeout: TIMEOUT_MS }, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + TRIALS; seed += 1) await expectSurvived(seed);
});
