import { fileURLToPath } from "node:url";
import { BenchFailure } from "../bench-failure.js";
import type { Namespaces } from "./namespaces.js";
import type { Shape } from "./network.js";

const SCRIPT = fileURLToPath(new URL("../../python/delay_line.py", import.meta.url));
const PYTHON = "/usr/bin/python3";

/** How many packets wait at most for their time to leave and to arrive. */
export const QUEUE_PACKETS = 20_000;
const PACKET_BYTES = 1_514;

/** Stands in for netem where the kernel was built without it. */
export interface DelayLine {
  stop(): Promise<void>;
}

/** Gives the namespace `host` an eth0, and `hub` its other end, called `port`. Resolves when both are there. */
export async function startDelayLine(
  { owner }: Namespaces,
  { host, hub, port }: { readonly host: string; readonly hub: string; readonly port: string },
  { delayMs, bytesPerSecond }: Shape,
): Promise<DelayLine> {
  const limits = { "delay-ms": delayMs, "bits-per-second": 8 * bytesPerSecond, "queue-bytes": QUEUE_PACKETS * PACKET_BYTES };
  const flags = Object.entries({ host, hub, port, ...limits }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Promise((resolve, reject) => {
    const line = owner.start(PYTHON, [SCRIPT, ...flags], { onLine: () => resolve({ stop: () => line.stop() }) });
    line.ended.then((code) => reject(new BenchFailure([`The delay line ended with code ${code}.`, ...line.stderr].join("\n"))), reject);
  });
}
