import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { parseHostPort } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { main } from "./main.js";

/** Runs a command line against streams of its own. */
function start(argv: readonly string[], env: Record<string, string> = {}) {
  const written = { stdout: "", stderr: "" };
  const stop = new AbortController();
  let onOutput: (() => void) | undefined;
  const stream = (name: "stdout" | "stderr") => ({
    write(text: string) {
      written[name] += text;
      onOutput?.();
    },
  });
  const wroteLine = new Promise<void>((resolve) => {
    onOutput = () => {
      if (written.stdout.includes("\n")) resolve();
    };
  });
  const exited = main(argv, { env, stdout: stream("stdout"), stderr: stream("stderr"), stop: stop.signal });
  return { written, exited, serving: Promise.race([wroteLine, exited]), stop: () => stop.abort() };
}

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const { written, exited } = start(argv, env);
  return { exitCode: await exited, ...written };
}

describe("serving", () => {
  test("says where it listens in one line, serves there, and ends with 0 when asked", async () => {
    const { written, serving, exited, stop } = start(["--listen", "127.0.0.1:0"]);
    await serving;
    const [, address] = /^tracker listening on (127\.0\.0\.1:[1-9]\d*)\n$/.exec(written.stdout) ?? [];
    const { host, port } = parseHostPort(address!, "the address");
    const socket = connect(port, host);
    await once(socket, "connect");
    socket.destroy();
    stop();
    expect(await exited).toBe(0);
    expect(written.stderr).toBe("");
  });

  test("prints an event with --json", async () => {
    const { written, serving, exited, stop } = start(["--listen", "127.0.0.1:0", "--json"]);
    await serving;
    expect(JSON.parse(written.stdout)).toEqual({ event: "listening", address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    stop();
    expect(await exited).toBe(0);
  });

  test("logs on stderr as much as it is told", async () => {
    const { written, serving, exited, stop } = start(["--listen", "127.0.0.1:0"], { PIECEWISE_LOG: "info" });
    await serving;
    stop();
    await exited;
    const messages = written.stderr
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(["tracker serves", "tracker closed"]);
  });

  test("ends also if it is asked to before it serves", async () => {
    const { exited, stop } = start(["--listen", "127.0.0.1:0"]);
    stop();
    expect(await exited).toBe(0);
  });
});

describe("what cannot be done is said in one line", () => {
  test.each<[argv: string[], env: Record<string, string>, message: string]>([
    [["--lisen", "x"], {}, "unknown option '--lisen'; (Did you mean --listen?); tracker --help shows what there is"],
    [["here"], {}, "too many arguments. Expected 0 arguments but got 1; tracker --help shows what there is"],
    [["--listen"], {}, "option '--listen <HOST:PORT>' argument missing; tracker --help shows what there is"],
    [["--listen", "here"], {}, '--listen "here" is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051'],
    [[], { PIECEWISE_TRACKER_LISTEN: ":1" }, 'PIECEWISE_TRACKER_LISTEN ":1" is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051'],
    [["--lease", "soon"], {}, '--lease "soon" is not a number of seconds, such as 30'],
    [["--lease", "-1"], {}, '--lease "-1" is not a number of seconds, such as 30'],
    [["--lease", "0"], {}, "the lease of 0 seconds is not possible: give 1 to 3600 seconds"],
    [[], { PIECEWISE_TRACKER_LEASE: "3601" }, "the lease of 3601 seconds is not possible: give 1 to 3600 seconds"],
    [
      ["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "10.0.0.1"],
      {},
      '--trusted-proxy "10.0.0.1" is not a network such as 10.0.0.0/8 or fd00::/8; a single address is written 10.0.0.1/32 or fd00::1/128',
    ],
    [
      [],
      { PIECEWISE_TRUSTED_PROXY: "10.0.0.0/8,proxy" },
      'PIECEWISE_TRUSTED_PROXY "proxy" is not a network such as 10.0.0.0/8 or fd00::/8; a single address is written 10.0.0.1/32 or fd00::1/128',
    ],
    [["--log", "loud"], {}, '--log "loud" is not one of debug, info, warn, error, silent'],
    [[], { PIECEWISE_JSON: "maybe" }, 'PIECEWISE_JSON "maybe" is neither 1 nor 0'],
    [["--listen", "a\u001b[31m:1"], {}, '--listen "a\\u{1b}[31m:1" is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051'],
  ])("%j %j", async (argv, env, message) => {
    expect(await run(argv, env)).toEqual({ exitCode: 2, stdout: "", stderr: `tracker: ${message}\n` });
  });

  test("the port is taken", async () => {
    const first = start(["--listen", "127.0.0.1:0"]);
    await first.serving;
    const address = first.written.stdout.trimEnd().split(" ").at(-1)!;
    const second = await run(["--json"], { PIECEWISE_TRACKER_LISTEN: address });
    expect(second).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(new RegExp(`^tracker: cannot listen on ${address}: [^\n]+\n$`)),
    });
    expect(JSON.parse(second.stdout)).toMatchObject({ event: "error", code: "ADDRESS_IN_USE" });
    first.stop();
    await first.exited;
  });

  test("with the stack only when debugging", async () => {
    const { stderr } = await run(["--lease", "0", "--log", "debug"]);
    expect(stderr).toMatch(/^tracker: the lease of 0 seconds[^\n]*\nUsageError: [^]*\n {4}at /);
  });
});

test("a flag counts more than its variable, an empty variable is none", async () => {
  const { stderr } = await run(["--lease", "0"], { PIECEWISE_TRACKER_LEASE: "x", PIECEWISE_TRACKER_LISTEN: "" });
  expect(stderr).toContain("the lease of 0 seconds");
});

test("help shows every flag, its variable and examples; the version is that of the package", async () => {
  const help = await run(["--help"]);
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  for (const text of [
    "--listen <HOST:PORT>",
    "[PIECEWISE_TRACKER_LISTEN]",
    "(default: 127.0.0.1:50051)",
    "--lease <SECONDS>",
    "(default: 30)",
    "--trusted-proxy <CIDR>",
    "[PIECEWISE_TRUSTED_PROXY]",
    "--json",
    "Examples:\n  tracker\n",
  ]) {
    expect(help.stdout.replace(/\n {20,}/g, " ")).toContain(text);
  }
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  expect(await run(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
});
