import type { Logger } from "@piecewise/base";
import type { LogLevel } from "./flags.js";
import type { OutputStream } from "./host.js";
import { escapeJson } from "./json-events.js";

/** Structured logs. The library is loaded only here, for `--help` has no use for it. */
export async function openLogger(level: LogLevel, stream: OutputStream): Promise<Logger> {
  const { pino } = await import("pino");
  const logger: Logger = pino({ name: "tracker", level }, { write: (line: string) => stream.write(escapeJson(line)) });
  return logger;
}
