import { describe, expect, test } from "vitest";
import { runScenario } from "../run-scenario.js";
import { isMet, SCENARIOS } from "./index.js";
import { isKnownToBeMissed, NOT_MET_YET } from "./not-met-yet.js";

const SIZE = { peers: 20, pieces: 200 };
const SEEDS = [1, 2];

describe.each(SCENARIOS)("$name", (scenario) => {
  test.each(SEEDS)("keeps every promise and meets the goals that are met, from seed %i", (seed) => {
    const { failure, goals } = runScenario(scenario, { ...SIZE, seed });
    expect(failure?.message).toBeUndefined();
    for (const goal of goals.filter(({ name }) => !isKnownToBeMissed(scenario.name, name))) expect(goal, goal.name).toSatisfy(isMet);
  });
});

test("every goal that is said not to be met is missed from some seed", () => {
  for (const { scenario: name, goal } of NOT_MET_YET) {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name)!;
    const missed = SEEDS.flatMap((seed) => runScenario(scenario, { ...SIZE, seed }).goals.filter((candidate) => candidate.name === goal && !isMet(candidate)));
    expect(missed, `${name}: ${goal}`).not.toEqual([]);
  }
});
