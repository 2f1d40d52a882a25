export * from "./download/index.js";
export * from "./token-bucket.js";
export * from "./upload/index.js";
