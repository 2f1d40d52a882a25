export * from "./commands.js";
export * from "./engine.js";
export * from "./events.js";
export type { EnginePhase, EngineProgress } from "./progress.js";
export * from "./transfer-budget.js";
