export { type TrackerNode, type TrackerNodeOptions, startTrackerNode } from "./tracker-node.js";
