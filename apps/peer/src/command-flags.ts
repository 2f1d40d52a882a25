import type { FlagField, FlagValues } from "./flags.js";

const NETWORK = ["trackers", "listen", "advertise", "uploadBytesPerSecond"] as const;
const REPORTING = ["json", "logLevel"] as const;

/** The flags of each command, in the order of its help. */
export const COMMAND_FLAGS = {
  share: ["name", "pieceLength", ...NETWORK, ...REPORTING],
  download: [
    "output",
    "force",
    "pieceLength",
    "peersMax",
    "seed",
    "peers",
    ...NETWORK,
    "downloadBytesPerSecond",
    "sourceTimeoutMs",
    ...REPORTING,
  ],
  list: ["trackers", ...REPORTING],
  interactive: ["language", "trackers", "logLevel"],
} as const satisfies Record<string, readonly FlagField[]>;

export type CommandName = keyof typeof COMMAND_FLAGS;
/** The parsed flags of one command. */
export type CommandFlags<Name extends CommandName> = FlagValues<(typeof COMMAND_FLAGS)[Name][number]>;
