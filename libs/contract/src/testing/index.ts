export * from "./message-bytes.js";
