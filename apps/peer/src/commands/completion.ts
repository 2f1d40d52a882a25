import { UsageError } from "@piecewise/base";
import { type Shell, SHELLS } from "../command-table.js";
import { bashCompletion } from "../completion/bash-completion.js";
import { COMPLETED_WORDS, type CompletedWords } from "../completion/completed-words.js";
import { fishCompletion } from "../completion/fish-completion.js";
import { zshCompletion } from "../completion/zsh-completion.js";
import type { Output } from "../output.js";

const SCRIPTS: Readonly<Record<Shell, (words: CompletedWords) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `peer completion SHELL`: the script that teaches a shell the commands and flags. */
export function completion(shell: string, output: Output): void {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) throw new UsageError("INVALID_ARGUMENT", `there is no completion for "${shell}", only for ${SHELLS.join(", ")}`);
  for (const line of SCRIPTS[known](COMPLETED_WORDS).split("\n")) output.result(line);
}
