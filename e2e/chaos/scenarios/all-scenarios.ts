import type { Scenario } from "../scenario.js";
import { fetcherKilled } from "./fetcher-killed.js";

export const allScenarios: readonly Scenario[] = [fetcherKilled];
