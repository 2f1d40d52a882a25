import type { DownloadCommand, DownloadEvent, UploadCommand, UploadEvent } from "@piecewise/piece-engine";
import type { SimulatedNode } from "./node/simulated-node.js";

/** Sees everything that a brain is told and what it wants done about it, before it is done. */
export interface Observer {
  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void;
  upload(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void;
}
