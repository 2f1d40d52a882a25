import { COMMAND_NAMES, COMMANDS, INTERACTIVE_FLAGS } from "../command-table.js";
import { type Completes, FLAGS, type FlagField } from "../flags.js";

/** A flag as a completion script needs it. */
export interface CompletedFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly description: string;
  /** Stands for the value; empty for a switch. */
  readonly placeholder: string;
  readonly isRepeatable: boolean;
  readonly completes: Completes;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** What stands for the operands, such as `PATH`. */
  readonly operand: string;
  readonly completes: Completes;
  readonly flags: readonly CompletedFlag[];
}

/** All that can be typed: what may stand first, and what follows a command. */
export interface CompletedWords {
  readonly rootFlags: readonly CompletedFlag[];
  readonly commands: readonly CompletedCommand[];
}

const HELP: CompletedFlag = { name: "help", description: "print this help", placeholder: "", isRepeatable: false, completes: "nothing" };
const VERSION: CompletedFlag = { ...HELP, name: "version", description: "print the version" };

const describeFlag = (field: FlagField): CompletedFlag => {
  const { name, description, placeholder, arity, completes } = FLAGS[field];
  return { name, description, placeholder, isRepeatable: arity === "many", completes };
};

/** Made of the tables of commands and flags. */
export const COMPLETED_WORDS: CompletedWords = {
  rootFlags: [...INTERACTIVE_FLAGS.map(describeFlag), HELP, VERSION],
  commands: COMMAND_NAMES.map((name) => {
    const { summary, operands, completes, flags } = COMMANDS[name];
    return { name, summary, operand: operands[0].replace(/[<>[\].]/g, ""), completes, flags: [...flags.map(describeFlag), HELP] };
  }),
};
