export { isSuccess, runScenario, type ScenarioOptions, type ScenarioOutcome } from "./run-scenario.js";
export { SCENARIOS, type Goal, type Scenario } from "./scenarios/index.js";
