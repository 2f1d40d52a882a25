import { BenchFailure } from "../bench-failure.js";
import type { Launcher } from "./launcher.js";
import type { Host } from "./network.js";

const SECONDS = 5;
/** Slow start does not count. */
const OMITTED_SECONDS = 2;
const READY_MAX_MS = 10_000;

/** What TCP carries from one host to another, in bytes of payload a second, with so many connections at once. */
export async function measureGoodput(launcher: Launcher, from: Host, to: Host, connections: number): Promise<number> {
  const port = String(await to.pickPort());
  const server = await launcher.start(to, ["iperf3", "--server", "--one-off", "--forceflush", "--bind", to.address, "--port", port]);
  await server.waitForLine((line) => (line.includes("listening") ? true : undefined), READY_MAX_MS);
  const flags = ["--time", String(SECONDS), "--omit", String(OMITTED_SECONDS), "--parallel", String(connections), "--json"];
  const client = await launcher.start(from, ["iperf3", "--client", to.address, "--port", port, ...flags]);
  await client.waitForSuccess((SECONDS + OMITTED_SECONDS) * 1000 + READY_MAX_MS);
  const report = JSON.parse(client.output) as { end?: { sum_received?: { bits_per_second?: number } } };
  const bits = report.end?.sum_received?.bits_per_second;
  if (bits === undefined || bits === 0) throw new BenchFailure("iperf3 did not say what it has measured.");
  return bits / 8;
}
