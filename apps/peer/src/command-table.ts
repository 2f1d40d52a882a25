import type { Completes, FlagField, FlagValues } from "./flags.js";

/** What can be typed after `peer`. The help, the parser and the completion scripts are made of it. */
interface CommandFacts {
  /** As in the help: `<NAME>`, `[NAME]` if it may be left out, `<NAME...>` if there may be several. */
  readonly operands: readonly string[];
  /** What a shell offers for the operands. */
  readonly completes: Completes;
  readonly summary: string;
  readonly examples: readonly string[];
  /** In the order of the help. */
  readonly flags: readonly FlagField[];
}

const NETWORK = ["trackers", "listen", "advertise", "uploadBytesPerSecond"] as const;
const REPORTING = ["json", "logLevel"] as const;

/** The shells for which there is a completion script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Every command, in the order of the help. */
export const COMMANDS = {
  share: {
    operands: ["<PATH...>"],
    completes: "path",
    summary: "serve files and directories from where they lie, until Ctrl-C",
    examples: [
      "peer share film.mkv",
      "peer share --tracker 192.168.1.10:50051 photos/ notes.txt",
      'peer share --name "Holiday 2026" --piece-length 1M --upload-limit 20M photos/',
    ],
    flags: ["name", "pieceLength", ...NETWORK, ...REPORTING],
  },
  download: {
    operands: ["<WHAT>"],
    completes: "nothing",
    summary: "fetch a content by its name, content id, sha256: and at least 8 digits of it, or link",
    examples: [
      "peer download film.mkv",
      "peer download sha256:3f2a90c1 --output ~/films/ --seed",
      "peer download 'piecewise:sha256:…?name=film.mkv&tracker=192.168.1.10:50051'",
      "peer download sha256:… --peer 192.168.1.20:40123",
      "peer download --max-peers 1 -- -a-name-with-a-dash",
    ],
    flags: [
      "output",
      "force",
      "pieceLength",
      "peersMax",
      "seed",
      "peers",
      ...NETWORK,
      "downloadBytesPerSecond",
      "sourceTimeoutMs",
      "recordPath",
      ...REPORTING,
    ],
  },
  list: {
    operands: ["[FILTER]"],
    completes: "nothing",
    summary: "list what the trackers know, or what has FILTER in its name",
    examples: ["peer list", "peer list film --tracker 192.168.1.10:50051", "peer list --json"],
    flags: ["trackers", ...REPORTING],
  },
  inspect: {
    operands: ["<WHAT|PATH>"],
    completes: "path",
    summary: "show what a content, or a path if it were shared, consists of: files, sizes, pieces, content id, link",
    examples: [
      "peer inspect film.mkv",
      "peer inspect ./film.mkv --piece-length 1M",
      "peer inspect 'piecewise:sha256:…?name=photos&tracker=192.168.1.10:50051' --json",
    ],
    flags: ["pieceLength", "peers", "trackers", "sourceTimeoutMs", ...REPORTING],
  },
  verify: {
    operands: ["<PATH>", "<CONTENT_ID>"],
    completes: "path",
    summary: "hold a path against a content id or link, and name the files and pieces that differ",
    examples: ["peer verify film.mkv sha256:…", "peer verify photos/ sha256:… --peer 192.168.1.20:40123"],
    flags: ["pieceLength", "peers", "trackers", "sourceTimeoutMs", ...REPORTING],
  },
  completion: {
    operands: ["<SHELL>"],
    completes: SHELLS,
    summary: "print a script with which bash, zsh or fish completes commands and flags",
    examples: [
      "source <(peer completion bash)   # in ~/.bashrc",
      "source <(peer completion zsh)    # in ~/.zshrc",
      "peer completion fish | source    # in ~/.config/fish/config.fish",
    ],
    flags: [],
  },
} as const satisfies Record<string, CommandFacts>;

/** The flags of `peer` alone. */
export const INTERACTIVE_FLAGS = ["language", "trackers", "logLevel"] as const satisfies readonly FlagField[];

export type CommandName = keyof typeof COMMANDS;
/** The parsed flags of one command. */
export type CommandFlags<Name extends CommandName> = FlagValues<(typeof COMMANDS)[Name]["flags"][number]>;
/** The parsed flags of `peer` alone. */
export type InteractiveFlags = FlagValues<(typeof INTERACTIVE_FLAGS)[number]>;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
