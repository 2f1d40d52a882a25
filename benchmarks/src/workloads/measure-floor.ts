import { measureGoodput } from "../measure/iperf.js";
import type { MeasurementSetup, Sample } from "./workload.js";

/** The content at the goodput of one host to another; `sources` such hosts send at once. */
export async function measureFloor({ launcher, network, content }: MeasurementSetup, sources: number, connections: number): Promise<Sample> {
  const [from, to] = network.hosts;
  const bytesPerSecond = await measureGoodput(launcher, from!, to!, connections);
  return { seconds: content.bytes / (sources * bytesPerSecond) };
}
