import { ExitCode } from "../exit-code.js";
import type { Host } from "../host.js";
import { main } from "../main.js";
import { createStopSwitch } from "../stop-switch.js";
import { setV8Flags } from "../v8-flags.js";

const stop = createStopSwitch(() => process.exit(ExitCode.INTERRUPTED));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.request());

// Who reads from a pipe may have seen enough (`peer list | head`). That is no failure, and there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const host: Host = {
  env: process.env,
  // Not touched before somebody asks: to look at it opens it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  stop,
  nowMs: () => performance.now(),
  async startNode(options) {
    const { startPeerNode } = await import("@piecewise/peer-node");
    setV8Flags();
    return startPeerNode(options);
  },
};

void main(process.argv.slice(2), host).then((exitCode) => {
  process.exitCode = exitCode;
  // Nothing is left to do: what Node would still take apart goes with the process.
  process.once("beforeExit", () => process.exit());
});
