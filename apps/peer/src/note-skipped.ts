import { fillMessage } from "./messages.js";
import type { Output } from "./output.js";

/** How many paths that were left out are named. */
const SKIPPED_SHOWN_MAX = 10;

/** Says what was left out of a directory, if anything was. */
export function noteSkipped(paths: readonly string[], output: Output): void {
  if (paths.length === 0) return;
  const { messages } = output;
  const shown = paths.slice(0, SKIPPED_SHOWN_MAX).join(", ");
  const more = paths.length - SKIPPED_SHOWN_MAX;
  output.note(fillMessage(messages.skipped, { paths: more > 0 ? `${shown} ${fillMessage(messages.andMore, { count: more })}` : shown }));
}
