import type { Completes } from "../flags.js";
import type { CompletedFlag, CompletedWords } from "./completed-words.js";

/** The script for fish, without a newline at its end. */
export function fishCompletion({ rootFlags, commands }: CompletedWords): string {
  const atStart = "__fish_use_subcommand";
  return [
    "# fish completion for peer. To load it: peer completion fish | source",
    "complete -c peer -f",
    ...rootFlags.map((flag) => flagLine(atStart, flag)),
    ...commands.map(({ name, summary }) => `complete -c peer -n ${atStart} -a ${name} -d ${quote(summary)}`),
    ...commands.flatMap(({ name, completes, flags }) => {
      const after = quote(`__fish_seen_subcommand_from ${name}`);
      const operands = completes === "nothing" ? [] : [`complete -c peer -n ${after} ${valueOf(completes)}`];
      return [...operands, ...flags.map((flag) => flagLine(after, flag))];
    }),
  ].join("\n");
}

const flagLine = (condition: string, { name, description, placeholder, completes }: CompletedFlag): string => {
  const value = placeholder === "" ? "" : ` -r ${valueOf(completes)}`;
  return `complete -c peer -n ${condition} -l ${name}${value} -d ${quote(description)}`;
};

const valueOf = (completes: Completes): string => (completes === "path" ? "-F" : completes === "nothing" ? "-f" : `-f -a ${quote(completes.join(" "))}`);

const quote = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
