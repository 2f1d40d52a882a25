export * from "./commands.js";
export { DIALS_AT_ONCE_MAX, PEERS_MAX_DEFAULT } from "./connections.js";
export * from "./engine.js";
export * from "./events.js";
export { COPIES_OF_PIECE_MAX } from "./piece-ledger.js";
export type { EnginePhase, EngineProgress } from "./progress.js";
export * from "./policies.js";
export * from "./transfer-budget.js";
export { RUN_BYTES_MAX, STREAMS_PER_SOURCE_MAX } from "./window.js";
