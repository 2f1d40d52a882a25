import { MIB } from "@piecewise/base";
import type { Shape } from "../measure/network.js";

export const LIMITED_UPLINK: Shape = { bytesPerSecond: 20 * MIB, delayMs: 0 };
