export * from "./byte-parts.js";
export * from "./expect-refusal.js";
export * from "./fuzz.js";
export * from "./fuzz-text.js";
export * from "./mutated-bytes.js";
