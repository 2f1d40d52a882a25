export * from "./expect-outcome.js";
export * from "./fake-call.js";
