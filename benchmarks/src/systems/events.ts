import { nowMs } from "../measure/clock.js";

/** Looks for a line of JSON with that `event`; what it finds is the time. */
export const isEvent =
  (name: string) =>
  (line: string): number | undefined =>
    line.startsWith(`{"event":"${name}"`) || line.startsWith(`{"event": "${name}"`) ? nowMs() : undefined;
