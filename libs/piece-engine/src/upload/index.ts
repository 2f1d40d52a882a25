export { CALLER_WATCHES_MAX } from "./caller-watches.js";
export type * from "./commands.js";
export type * from "./events.js";
export { DRAIN_FLOOR_BYTES_PER_SECOND, DRAIN_MEASURE_MS } from "./drain-watch.js";
export { SENDS_AHEAD_MAX } from "./sending.js";
export { UPLOAD_RETRY_AFTER_MS_MAX, UPLOAD_RETRY_AFTER_MS_MIN } from "./slots.js";
export { createUploadEngine, type UploadEngine, type UploadStats } from "./upload-engine.js";
export * from "./upload-options.js";
export { HEARTBEAT_MS, NEWS_RUNS_MAX, NEWS_WINDOW_MS } from "./watchers.js";
