export * from "./download/index.js";
export * from "./piece-runs.js";
export * from "./token-bucket.js";
export * from "./upload/index.js";
