import type { Logger } from "@piecewise/base";
import type { LogLevel } from "./flag-values.js";
import { escapeJson } from "./json-events.js";
import type { Output } from "./output.js";

/** Structured logs on stderr. The library is loaded only here, for `--help` has no use for it. */
export async function openLogger(level: LogLevel, output: Output): Promise<Logger> {
  const { pino } = await import("pino");
  const logger: Logger = pino({ name: "peer", level }, { write: (line: string) => output.writeError(escapeJson(line)) });
  return logger;
}
