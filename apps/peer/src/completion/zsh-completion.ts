import { shellQuote } from "../shell-quote.js";
import type { Completes } from "../flags.js";
import type { CompletedCommand, CompletedFlag, CompletedWords } from "./completed-words.js";

/** The script for zsh, without a newline at its end: to be sourced, or put into a directory of \`fpath\` as \`_peer\`. */
export function zshCompletion({ rootFlags, commands }: CompletedWords): string {
  return `#compdef peer
# zsh completion for peer. To load it: source <(peer completion zsh)
_peer() {
  local state line
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${shellQuote(`${name}:${summary}`)}`).join("\n")}
  )
  _arguments -C \\
${rootFlags.map((flag) => `    ${flagSpec(flag)} \\`).join("\n")}
    '1: :->command' \\
    '*:: :->operands'
  case $state in
    command) _describe command commands ;;
    operands)
      case $line[1] in
${commands.map(commandCase).join("\n")}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _peer ]]; then _peer "$@"; else compdef _peer peer; fi`;
}

const commandCase = ({ name, operand, completes, flags }: CompletedCommand): string =>
  `        ${name})
          _arguments \\
${flags.map((flag) => `            ${flagSpec(flag)} \\`).join("\n")}
            ${shellQuote(`*:${escapeSpec(operand)}:${actionOf(completes)}`)}
          ;;`;

function flagSpec({ name, description, placeholder, isRepeatable, completes }: CompletedFlag): string {
  const value = placeholder === "" ? "" : `:${escapeSpec(placeholder)}:${actionOf(completes)}`;
  return shellQuote(`${isRepeatable ? "*" : ""}--${name}[${escapeSpec(description)}]${value}`);
}

/** A space offers nothing, and says what is wanted. */
const actionOf = (completes: Completes): string => (completes === "path" ? "_files" : completes === "nothing" ? " " : `(${completes.join(" ")})`);

const escapeSpec = (text: string): string => text.replace(/[\\[\]:]/g, String.raw`\$&`);
