import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";
import { fetchMaxMs, READY_MAX_MS } from "./deadlines.js";
import { isEvent } from "./events.js";
import type { Fetcher, FetchOrder, Swarm, SwarmSetup, System } from "./system.js";

const PEER_SCRIPT = fileURLToPath(new URL("../../python/libtorrent_peer.py", import.meta.url));

/** `python` is one that has the module libtorrent. Peers are told of each other, which is faster than any tracker. */
export const createLibtorrent = (python: string, version: string): System => ({
  title: `libtorrent ${version}`,
  openSwarm: async (setup) => new LibtorrentSwarm(setup, python),
});

class LibtorrentSwarm implements Swarm {
  readonly #setup: SwarmSetup;
  readonly #python: string;
  readonly #addresses: string[] = [];

  constructor(setup: SwarmSetup, python: string) {
    this.#setup = setup;
    this.#python = python;
  }

  startSeeder(host: Host): Promise<RunningProcess> {
    return this.#startSeeder(host, this.#setup.content.path, []);
  }

  startLiar(host: Host, wrongPath: string): Promise<RunningProcess> {
    return this.#startSeeder(host, wrongPath, ["--unverified"]);
  }

  async #startSeeder(host: Host, path: string, flags: readonly string[]): Promise<RunningProcess> {
    const address = await this.#pickAddress(host);
    const seeder = await this.#startPeer(host, ["--listen", address, "--folder", dirname(path), "--serve", ...flags]);
    await seeder.waitForLine(isEvent("ready"), READY_MAX_MS);
    return seeder;
  }

  async startFetchers(orders: readonly FetchOrder[]): Promise<readonly Fetcher[]> {
    const listening = await Promise.all(orders.map(async (order) => ({ ...order, address: await this.#pickAddress(order.host) })));
    return Promise.all(
      listening.map(async ({ host, folder, stays, address }) => {
        const others = this.#addresses.flatMap((other) => (other === address ? [] : ["--connect", other]));
        const process = await this.#startPeer(host, ["--listen", address, "--folder", folder, ...others, ...(stays ? ["--serve"] : [])]);
        const doneMs = stays
          ? process.waitForLine(isEvent("finished"), fetchMaxMs(this.#setup.content))
          : process.waitForSuccess(fetchMaxMs(this.#setup.content)).then(({ endedMs }) => endedMs);
        return { process, output: join(folder, this.#setup.content.name), doneMs };
      }),
    );
  }

  #startPeer(host: Host, args: readonly string[]): Promise<RunningProcess> {
    return this.#setup.launcher.start(host, [this.#python, PEER_SCRIPT, "--torrent", this.#setup.torrentPath, ...args]);
  }

  async #pickAddress(host: Host): Promise<string> {
    const address = `${host.address}:${await host.pickPort()}`;
    this.#addresses.push(address);
    return address;
  }
}
