import type { Shape } from "../measure/network.js";

export const LIMITED_UPLINK: Shape = { bytesPerSecond: 20 * 1_048_576, delayMs: 0 };
