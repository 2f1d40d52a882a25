import { describe, expect, test } from "vitest";
import { isSuccess, runScenario } from "./run-scenario.js";
import { crowd } from "./scenarios/crowd.js";
import { isMet, type Scenario, SCENARIOS } from "./scenarios/index.js";

const poison = SCENARIOS.find(({ name }) => name === "poison")!;

const digestOf = (seed: number): string => runScenario(poison, { seed, peers: 8, pieces: 40 }).digest;

describe("runScenario", () => {
  test("the same seed gives the same run, another seed another one", () => {
    expect(digestOf(1)).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(1)).toBe(digestOf(1));
    expect(digestOf(1)).not.toBe(digestOf(2));
  });

  test("a fault that never struck is a failure", () => {
    const never: Scenario = {
      name: "never",
      summary: "",
      run(laboratory) {
        laboratory.run(crowd(laboratory, "never", { faults: [{ isDue: () => false, strike() {} }] }));
        return [];
      },
    };
    const outcome = runScenario(never, { seed: 1, peers: 2, pieces: 3 });
    expect(isSuccess(outcome)).toBe(false);
    expect(outcome.goals.filter((goal) => !isMet(goal))).toEqual([{ name: "faults that never struck", actual: 1, limit: 0 }]);
  });

  test("a run of pieces is sent to its end, also when its last chunk is allowed while the one before is reported", () => {
    const flashCrowd = SCENARIOS.find(({ name }) => name === "flash-crowd")!;
    expect(runScenario(flashCrowd, { seed: 160, peers: 1, pieces: 11 }).failure).toBeUndefined();
  });

  test("one peer and one piece are a swarm, too", () => {
    for (const scenario of SCENARIOS) {
      const { failure, results } = runScenario(scenario, { seed: 1, peers: 1, pieces: 1 });
      expect(failure?.message, scenario.name).toBeUndefined();
      expect(results.length, scenario.name).toBeGreaterThan(0);
    }
  });
});
