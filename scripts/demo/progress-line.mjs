import { mib } from "./mib.mjs";

const BAR_WIDTH = 30;
const LINE_INTERVAL_MS = 500;

/** Shows `progress` events: one live line on a terminal, elsewhere a line now and then. Call `end` before anything else is printed. */
export function createProgressLine(out = process.stdout) {
  let shownMs = -Infinity;
  let last = "";
  return {
    show({ verifiedBytes, totalBytes, bytesPerSecond, connectedPeers }) {
      if (totalBytes === 0) return;
      const part = verifiedBytes / totalBytes;
      const bar = "#".repeat(Math.round(part * BAR_WIDTH)).padEnd(BAR_WIDTH, ".");
      const peers = connectedPeers === 0 ? "" : `, from ${connectedPeers} ${connectedPeers === 1 ? "peer" : "peers"}`;
      last = `[${bar}] ${mib(verifiedBytes)} of ${mib(totalBytes)} verified, ${mib(bytesPerSecond)}/s${peers}`;
      if (out.isTTY) out.write(`\r\u001b[2K${last.slice(0, out.columns - 1)}`);
      else if (performance.now() - shownMs >= LINE_INTERVAL_MS) this.print();
    },
    print() {
      out.write(`${last}\n`);
      shownMs = performance.now();
      last = "";
    },
    end() {
      if (out.isTTY && last !== "") out.write("\n");
      else if (last !== "") this.print();
    },
  };
}
