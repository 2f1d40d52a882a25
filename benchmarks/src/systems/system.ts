import type { Content } from "../measure/content.js";
import type { Launcher } from "../measure/launcher.js";
import type { Host, Network } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";

/** A program that distributes files, installed on this machine. */
export interface System {
  /** With its version. */
  readonly title: string;
  openSwarm(setup: SwarmSetup): Promise<Swarm>;
}

export interface SwarmSetup {
  readonly launcher: Launcher;
  readonly network: Network;
  readonly content: Content;
  /** Describes the content for those who speak BitTorrent. */
  readonly torrentPath: string;
  /** For what the system itself has to write down; not for what is fetched. */
  readonly folder: string;
}

/** Peers of one system that share one content. */
export interface Swarm {
  /** Resolves when it serves, all of the content hashed as far as the system does that. */
  startSeeder(host: Host): Promise<RunningProcess>;
  /** A seeder that sends wrong bytes as if they were right: those of `wrongPath`, a file of the same name and size, or others. */
  startLiar?(host: Host, wrongPath: string): Promise<RunningProcess>;
  /** Starts them at once. */
  startFetchers(orders: readonly FetchOrder[]): Promise<readonly Fetcher[]>;
}


export interface FetchOrder {
  readonly host: Host;
  readonly folder: string;
  /** Whether an earlier fetcher left something in the folder, with which this one is to go on. */
  readonly resumes: boolean;
  /** Whether it goes on serving when it has everything. */
  readonly stays: boolean;
}

export interface Fetcher {
  readonly process: RunningProcess;
  /** Where the content lies in the end. */
  readonly output: string;
  /** When, in the time of `nowMs`, it had everything verified: said so if it stays, ended if not. */
  readonly doneMs: Promise<number>;
}
