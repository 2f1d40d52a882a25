import { formatBytes } from "@piecewise/base";
import type { DownloadProgress } from "@piecewise/peer-node";
import type { JsonEvent } from "../json-events.js";
import { fillMessage, type MessageKey, type Messages } from "../messages.js";
import { formatDuration } from "./duration.js";
import type { ProgressLine } from "./line.js";

const PHASES: Readonly<Record<DownloadProgress["phase"], MessageKey>> = {
  "finding-peers": "findingPeers",
  "fetching-manifest": "fetchingManifest",
  checking: "checking",
  downloading: "downloading",
  finishing: "finishing",
};

/** What is said while a content is fetched. Rate and ETA come from the node, which leaves resumed bytes out. */
export function downloadLine(progress: DownloadProgress, messages: Messages): ProgressLine {
  const { phase, verifiedBytes, totalBytes, bytesPerSecond, etaMs, connectedPeers } = progress;
  const parts = [messages[PHASES[phase]]];
  if (totalBytes > 0) {
    parts.push(fillMessage(messages.verified, { verified: formatBytes(verifiedBytes), total: formatBytes(totalBytes) }));
  }
  if (phase === "downloading") {
    parts.push(fillMessage(messages.rate, { rate: formatBytes(Math.round(bytesPerSecond)) }));
    parts.push(fillMessage(messages.eta, { time: etaMs === undefined ? "--" : formatDuration(etaMs) }));
    parts.push(connectedPeers === 1 ? messages.onePeer : fillMessage(messages.manyPeers, { count: connectedPeers }));
  }
  return { fraction: totalBytes > 0 ? verifiedBytes / totalBytes : undefined, parts };
}

export const downloadEvent = (progress: DownloadProgress): JsonEvent => ({
  event: "progress",
  phase: progress.phase,
  verifiedBytes: progress.verifiedBytes,
  totalBytes: progress.totalBytes,
  receivedBytes: progress.receivedBytes,
  resumedBytes: progress.resumedBytes,
  bytesPerSecond: Math.round(progress.bytesPerSecond),
  etaMs: progress.etaMs === undefined ? null : Math.round(progress.etaMs),
  connectedPeers: progress.connectedPeers,
});
