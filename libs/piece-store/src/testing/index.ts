export * from "./disk-model.js";
export * from "./faulty-disk.js";
export * from "./store-contract.js";
export * from "./test-content.js";
