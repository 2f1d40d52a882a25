import type { Completes } from "../flags.js";
import type { CompletedFlag, CompletedWords } from "./completed-words.js";

/** The script for bash, without a newline at its end. */
export function bashCompletion({ rootFlags, commands }: CompletedWords): string {
  const valueFlags = new Map([...rootFlags, ...commands.flatMap(({ flags }) => flags)].filter(({ placeholder }) => placeholder !== "").map((flag) => [flag.name, flag]));
  return `# bash completion for peer. To load it: source <(peer completion bash)
_piecewise_peer() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command=""
  local flags operands values=""
  if ((COMP_CWORD > 1)); then command="\${COMP_WORDS[1]}"; fi
  case "$command" in
${commands.map(({ name, completes, flags }) => `    ${name}) flags="${dashed(flags)}" operands="${wordsOf(completes)}" ;;`).join("\n")}
    *) flags="${dashed(rootFlags)}" operands="${commands.map(({ name }) => name).join(" ")}" ;;
  esac
  case "$previous" in
${Array.from(valueFlags.values(), ({ name, completes }) => `    --${name}) flags="" operands="${wordsOf(completes)}" ;;`).join("\n")}
  esac
  if [[ $word == -* ]]; then values="$flags"; else values="$operands"; fi
  COMPREPLY=()
  if [[ $values == ${PATHS} ]]; then
    compopt -o filenames 2> /dev/null
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$word"))
  elif [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$word"))
  fi
}
complete -F _piecewise_peer peer`;
}

/** Stands for the names of files, and is none of the words. */
const PATHS = "//";

const wordsOf = (completes: Completes): string => (completes === "path" ? PATHS : completes === "nothing" ? "" : completes.join(" "));

const dashed = (flags: readonly CompletedFlag[]): string => flags.map(({ name }) => `--${name}`).join(" ");
