import { ExitCode } from "../exit-code.js";
import { main } from "../main.js";

// Once for a clean end, twice for one at once.
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(ExitCode.INTERRUPTED);
    stop.abort();
  });
}

// Who waited for the line on a pipe may be gone. That is no failure, and there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

void main(process.argv.slice(2), { env: process.env, stdout: process.stdout, stderr: process.stderr, stop: stop.signal }).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
);
