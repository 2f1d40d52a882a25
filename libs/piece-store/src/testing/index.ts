export * from "./store-contract.js";
export * from "./test-content.js";
