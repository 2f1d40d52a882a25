import { startTrackerNode } from "@piecewise/tracker-node";
import type { FlagValues } from "./flags.js";
import type { Host } from "./host.js";
import { formatJsonEvent } from "./json-events.js";
import { openLogger } from "./log.js";

/**
 * Serves until somebody asks for the end, and then lets calls in flight finish.
 * @throws what `startTrackerNode` throws.
 */
export async function serve({ listen, leaseMs, trustedProxies, json, logLevel }: FlagValues, { stdout, stderr, stop }: Host): Promise<void> {
  const logger = await openLogger(logLevel, stderr);
  await using tracker = await startTrackerNode({ listen, leaseMs, trustedProxies, logger });
  stdout.write(json ? formatJsonEvent({ event: "listening", address: tracker.address }) : `tracker listening on ${tracker.address}\n`);
  await whenAborted(stop);
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
