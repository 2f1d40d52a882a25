export * from "./peer-node.js";
export { startPeerNode } from "./start-peer-node.js";
