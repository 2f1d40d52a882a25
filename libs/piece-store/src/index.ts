export * from "./file-store.js";
export * from "./find-wrong-pieces.js";
export { startHasher } from "./hasher.js";
export * from "./memory-store.js";
export * from "./piece-store.js";
export * from "./sha256.js";
export * from "./share.js";
export { systemErrorCode, toStorageError } from "./storage-error.js";
