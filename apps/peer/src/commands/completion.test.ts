import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { COMMAND_NAMES, COMMANDS, SHELLS } from "../command-table.js";
import { FLAGS } from "../flags.js";
import { runMain } from "../testing/run-main.js";

async function scriptFor(shell: string): Promise<string> {
  const run = runMain(["completion", shell], { env: { PIECEWISE_JSON: "1" } });
  expect(await run.exitCode).toBe(0);
  expect(run.stderr.text).toBe("");
  return run.stdout.text;
}

/** What bash offers for the last word. */
async function completeInBash(words: readonly string[]): Promise<string[]> {
  const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _piecewise_peer; printf "%s\\n" "${COMPREPLY[@]}"';
  const cwd = new URL("..", import.meta.url);
  const { stdout } = spawnSync("bash", ["-c", `${await scriptFor("bash")}\n${ask}`, "bash", ...words], { cwd, encoding: "utf8" });
  return stdout.trimEnd().split("\n");
}

describe("bash", () => {
  test("accepts the script", async () => {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: await scriptFor("bash"), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test.each([
    [["peer", ""], [...COMMAND_NAMES]],
    [["peer", "do"], ["download"]],
    [["peer", "--la"], ["--lang"]],
    [["peer", "--lang", ""], ["en", "vi"]],
    [["peer", "share", "--up"], ["--upload-limit"]],
    [["peer", "share", "--pe"], [""]],
    [["peer", "download", "film", "--log", "s"], ["silent"]],
    [["peer", "download", "--tracker", ""], [""]],
    [["peer", "download", ""], [""]],
    [["peer", "completion", ""], [...SHELLS]],
    [["peer", "share", "entr"], ["entry", "entry-table.ts"]],
    [["peer", "download", "x", "--output", "command-t"], ["command-table.ts"]],
  ])("%j", async (words, offered) => {
    expect((await completeInBash(words)).toSorted()).toEqual(offered.toSorted());
  });
});

test.each(SHELLS)("the script for %s knows every command and flag", async (shell) => {
  const script = await scriptFor(shell);
  expect(script).not.toContain("undefined");
  for (const name of COMMAND_NAMES) {
    expect(script).toContain(name);
    for (const field of COMMANDS[name].flags) expect(script).toMatch(new RegExp(`(?:--|-l )${FLAGS[field].name}\\b`));
  }
});

test("no other shell", async () => {
  const run = runMain(["completion", "tcsh"]);
  expect(await run.exitCode).toBe(2);
  expect(run.stderr.text).toBe('peer: there is no completion for "tcsh", only for bash, zsh, fish\n');
});
