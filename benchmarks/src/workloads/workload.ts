import type { Content } from "../measure/content.js";
import type { Shape } from "../measure/network.js";
import type { SwarmSetup, System } from "../systems/system.js";
import type { RivalName } from "../systems/find-installed.js";

/** One thing that is measured, for several systems in turn. */
export interface Workload {
  /** As `--only` takes it. */
  readonly name: string;
  /** What happens in it, in a line. */
  readonly title: string;
  /** It runs only when it is asked for. */
  readonly isLong?: boolean;
  readonly rivals: readonly RivalName[];
  readonly network: NetworkPlan;
  /** Where the data lies: "disk" where there is more of it than RAM. */
  readonly storage: "ram" | "disk";
  /** Room that it takes there, the content included. */
  readonly spaceBytes: number;
  /** Figures of its own, besides those that every table has. */
  readonly figures: readonly Figure[];
  /** Writes what is distributed. */
  makeContent(folder: string): Content;
  measure(system: System, setup: MeasurementSetup): Promise<Sample>;
  /** The fastest that anything could be, measured in the same network with iperf3. */
  measureFloor?(setup: MeasurementSetup): Promise<Sample>;
}

export interface NetworkPlan {
  /** Of peers; the tracker has one of its own. */
  readonly hostCount: number;
  /** What slows down each of them; it takes namespaces, and so root. Undefined for one loopback for all. */
  readonly shape: Shape | undefined;
}

/** A column of a table. */
export interface Figure {
  readonly key: string;
  readonly header: string;
  readonly digits: number;
}

export interface MeasurementSetup extends SwarmSetup {
  /** An empty folder for what is fetched. */
  readonly outputFolder: string;
}

/** One measurement. What could not be measured is undefined. */
export interface Sample {
  readonly seconds: number;
  /** Of all fetchers together, from their start. */
  readonly fetcherCpuSeconds?: number | undefined;
  /** Of all seeders together, from the start of the fetchers. */
  readonly seederCpuSeconds?: number | undefined;
  /** Of the fetcher that took most. */
  readonly fetcherRssBytes?: number | undefined;
  /** Through the interfaces of all peers, from the start of the fetchers, with all headers. */
  readonly sentBytes?: number | undefined;
  /** The figures of the workload, by their keys. */
  readonly figures?: Readonly<Record<string, number>>;
}
