import { describe, test } from "vitest";
import { runScenario } from "./run-scenario.js";
import { allScenarios } from "./scenarios/all-scenarios.js";

const SCENARIO_MAX_MS = 600_000;

describe("after a fault every byte is right", { timeout: SCENARIO_MAX_MS }, () => {
  test.concurrent.each(allScenarios.map((scenario) => [scenario.name, scenario] as const))("%s", (_, scenario) => runScenario(scenario));
});
