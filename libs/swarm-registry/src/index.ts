export * from "./limits.js";
export * from "./registry-calls.js";
export { createSwarmRegistry, type SwarmRegistry, type SwarmRegistryOptions } from "./registry.js";
