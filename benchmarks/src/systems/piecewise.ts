import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";
import { fetchMaxMs, READY_MAX_MS } from "./deadlines.js";
import { isEvent } from "./events.js";
import type { Fetcher, FetchOrder, Swarm, SwarmSetup, System } from "./system.js";

const PROXY_ENTRY = fileURLToPath(new URL("../entry/spoiling-proxy.js", import.meta.url));

/** What a user runs: the built binaries, as npm links them into `binFolder`. */
export const createPiecewise = (binFolder: string): System => ({
  title: "Piecewise",
  async openSwarm(setup) {
    const { launcher, network } = setup;
    const tracker = await launcher.start(network.trackerHost, [join(binFolder, "tracker"), "--listen", `${network.trackerHost.address}:0`]);
    const address = await tracker.waitForLine((line) => /^tracker listening on (\S+)$/.exec(line)?.[1], READY_MAX_MS);
    return new PiecewiseSwarm(setup, join(binFolder, "peer"), address);
  },
});

class PiecewiseSwarm implements Swarm {
  readonly #setup: SwarmSetup;
  readonly #peer: string;
  readonly #tracker: string;

  constructor(setup: SwarmSetup, peer: string, tracker: string) {
    this.#setup = setup;
    this.#peer = peer;
    this.#tracker = tracker;
  }

  startSeeder(host: Host): Promise<RunningProcess> {
    return this.#startSeeder(host, ["--listen", `${host.address}:0`]);
  }

  /** A peer serves nothing that it knows to be wrong; what it sends is spoilt on the way. */
  async startLiar(host: Host): Promise<RunningProcess> {
    const [port, peerPort] = [String(await host.pickPort()), String(await host.pickPort())];
    const proxy = await this.#setup.launcher.start(host, [process.execPath, PROXY_ENTRY, host.address, port, host.address, peerPort]);
    await proxy.waitForLine(isEvent("listening"), READY_MAX_MS);
    return this.#startSeeder(host, ["--listen", `${host.address}:${peerPort}`, "--advertise", `${host.address}:${port}`]);
  }

  async #startSeeder(host: Host, where: readonly string[]): Promise<RunningProcess> {
    const { launcher, content } = this.#setup;
    const seeder = await launcher.start(host, [this.#peer, "share", content.path, "--tracker", this.#tracker, ...where, "--json"]);
    await seeder.waitForLine(isEvent("serving"), READY_MAX_MS);
    return seeder;
  }

  startFetchers(orders: readonly FetchOrder[]): Promise<readonly Fetcher[]> {
    return Promise.all(orders.map((order) => this.#startFetcher(order)));
  }

  async #startFetcher({ host, folder, stays }: FetchOrder): Promise<Fetcher> {
    const { launcher, content } = this.#setup;
    const flags = ["--tracker", this.#tracker, "--output", `${folder}/`, ...(stays ? ["--seed", "--json"] : [])];
    const process = await launcher.start(host, [this.#peer, "download", content.name, ...flags]);
    const doneMs = stays
      ? process.waitForLine(isEvent("finished"), fetchMaxMs(this.#setup.content))
      : process.waitForSuccess(fetchMaxMs(this.#setup.content)).then(({ endedMs }) => endedMs);
    return { process, output: join(folder, content.name), doneMs };
  }
}
