import type { World } from "./world.js";

/** A fault that is done to real processes at random moments. */
export interface Scenario {
  /** Kebab-case; part of the command that shows a failure again. */
  readonly name: string;
  /** What is done, in a few words. */
  readonly fault: string;
  /** What it takes besides Node; without it the scenario is skipped. */
  readonly needs?: "namespaces";
  /** Does the fault, waits until the world has recovered, and fails if it does not. */
  run(world: World): Promise<Facts>;
}

/** What came of it. */
export interface Facts {
  /** How often the fault was done. */
  readonly tries: number;
  /** For each time that something had to recover, how long it took. */
  readonly recoveryMs: readonly number[];
  /** Further figures, by what they are called. */
  readonly figures?: Readonly<Record<string, number>>;
}
