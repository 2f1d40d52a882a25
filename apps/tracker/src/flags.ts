import { type Cidr, type HostPort, UsageError, parseCidr, parseHostPort } from "@piecewise/base";

/** From the one that says most to the one that says nothing. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Flag<Value> {
  /** Without the dashes. */
  readonly name: string;
  /** Means the same when the flag is not given. */
  readonly variable: string;
  /** What stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly description: string;
  readonly fallback: string;
  /** May be given several times; in the variable commas stand between. */
  readonly isRepeated?: true;
  /** @param what how the user named it, the flag or the variable, for the message. */
  readonly parse: (text: string, what: string) => Value;
}

const flag = <Value>(flagged: Flag<Value>): Flag<Value> => flagged;

/** Every option of the command: field → flag → variable → what it is if neither is given. */
export const FLAGS = {
  listen: flag<HostPort>({
    name: "listen",
    variable: "PIECEWISE_TRACKER_LISTEN",
    placeholder: "HOST:PORT",
    description: "where to listen, 0.0.0.0 for all interfaces, port 0 for any",
    fallback: "127.0.0.1:50051",
    parse: parseHostPort,
  }),
  leaseMs: flag<number>({
    name: "lease",
    variable: "PIECEWISE_TRACKER_LEASE",
    placeholder: "SECONDS",
    description: "how long a peer that is not heard of stays listed, 1 to 3600; peers renew at a third of it",
    fallback: "30",
    parse: parseSeconds,
  }),
  trustedProxies: flag<readonly Cidr[]>({
    name: "trusted-proxy",
    variable: "PIECEWISE_TRUSTED_PROXY",
    placeholder: "CIDR",
    description: "believe the x-forwarded-for of callers in this network, such as 10.0.0.0/8; may be repeated",
    fallback: "",
    isRepeated: true,
    parse: (text, what) => (text === "" ? [] : text.split(",").map((network) => parseCidr(network.trim(), what))),
  }),
  json: flag<boolean>({
    name: "json",
    variable: "PIECEWISE_JSON",
    placeholder: "",
    description: "print one JSON event a line",
    fallback: "0",
    parse: parseSwitch,
  }),
  logLevel: flag<LogLevel>({
    name: "log",
    variable: "PIECEWISE_LOG",
    placeholder: "LEVEL",
    description: "log debug, info, warn, error or nothing (silent) on stderr",
    fallback: "warn",
    parse: parseLogLevel,
  }),
} as const;

export type FlagField = keyof typeof FLAGS;
export type FlagValues = { readonly [Field in FlagField]: ReturnType<(typeof FLAGS)[Field]["parse"]> };

/** What the command line held, by flag name: a text, or true for a switch. */
export type RawFlags = Readonly<Record<string, string | boolean | undefined>>;

/**
 * The value of every option: the flag, else the variable, else what the table says. An empty variable is one that is not set.
 * @throws UsageError INVALID_ARGUMENT that names the flag or the variable.
 */
export function readFlags(raw: RawFlags, env: Readonly<Record<string, string | undefined>>): FlagValues {
  const read = (field: FlagField): unknown => {
    const { name, variable, fallback, parse } = FLAGS[field];
    const given = raw[name];
    if (given !== undefined) return parse(String(given), `--${name}`);
    return parse(env[variable] || fallback, variable);
  };
  return Object.fromEntries(Object.keys(FLAGS).map((field) => [field, read(field as FlagField)])) as FlagValues;
}

/** Seconds in, milliseconds out. Which leases are possible is for the tracker to say. */
function parseSeconds(text: string, what: string): number {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) {
    throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not a number of seconds, such as 30`);
  }
  return Math.round(Number(text) * 1_000);
}

function parseSwitch(text: string, what: string): boolean {
  const isOn = ["1", "true", "yes"].includes(text.toLowerCase());
  if (isOn || ["0", "false", "no"].includes(text.toLowerCase())) return isOn;
  throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is neither 1 nor 0`);
}

function parseLogLevel(text: string, what: string): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === text);
  if (level === undefined) throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not one of ${LOG_LEVELS.join(", ")}`);
  return level;
}
