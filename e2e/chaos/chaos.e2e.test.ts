import { describe, test } from "vitest";
import { Namespace } from "./namespace.js";
import { runScenario } from "./run-scenario.js";
import { allScenarios } from "./scenarios/all-scenarios.js";

const SCENARIO_MAX_MS = 600_000;
const hasNamespaces = Namespace.isPossible();

describe("after a fault every byte is right", { timeout: SCENARIO_MAX_MS }, () => {
  for (const scenario of allScenarios) {
    const isPossible = scenario.needs !== "namespaces" || hasNamespaces;
    (isPossible ? test.concurrent : test.skip)(scenario.name, () => runScenario(scenario));
  }
});
