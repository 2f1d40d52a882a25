import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";
import { fetchMaxMs, READY_MAX_MS } from "./deadlines.js";
import { isEvent } from "./events.js";
import type { Fetcher, FetchOrder, Swarm, SwarmSetup, System } from "./system.js";

/** What is there counts if its hash is right. It costs a second, so that it is there only for those who have something. */
const CHECK_FLAG = "--check-integrity=true";
const TRACKER_ENTRY = fileURLToPath(new URL("../entry/torrent-tracker.js", import.meta.url));
const COMMON_FLAGS = [
  "--quiet=true",
  "--no-conf=true",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--bt-enable-lpd=false",
  "--disable-ipv6=true",
  "--file-allocation=none",
  "--max-overall-upload-limit=0",
  "--bt-max-peers=0",
];

export const createAria2 = (version: string): System => ({
  title: `aria2 ${version}`,
  async openSwarm(setup) {
    const { launcher, network, folder } = setup;
    const tracker = await launcher.start(network.trackerHost, [process.execPath, TRACKER_ENTRY, network.trackerHost.address]);
    const port = await tracker.waitForLine((line) => /^\{"event":"listening","port":(\d+)\}$/.exec(line)?.[1], READY_MAX_MS);
    return new Aria2Swarm(setup, tracker, `http://${network.trackerHost.address}:${port}/announce`, makeHook(folder));
  },
});

/** aria2 runs it when a download is complete; it inherits aria2's stdout. */
function makeHook(folder: string): string {
  const path = join(folder, "finished.sh");
  writeFileSync(path, `#!/bin/sh\necho '{"event":"finished"}'\n`);
  chmodSync(path, 0o755);
  return path;
}

class Aria2Swarm implements Swarm {
  readonly #setup: SwarmSetup;
  readonly #tracker: RunningProcess;
  readonly #announceUrl: string;
  readonly #hook: string;

  constructor(setup: SwarmSetup, tracker: RunningProcess, announceUrl: string, hook: string) {
    this.#setup = setup;
    this.#tracker = tracker;
    this.#announceUrl = announceUrl;
    this.#hook = hook;
  }

  startSeeder(host: Host): Promise<RunningProcess> {
    return this.#startSeeder(host, this.#setup.content.path, CHECK_FLAG);
  }

  startLiar(host: Host, wrongPath: string): Promise<RunningProcess> {
    return this.#startSeeder(host, wrongPath, "--bt-seed-unverified=true");
  }

  async #startSeeder(host: Host, path: string, checkFlag: string): Promise<RunningProcess> {
    const port = await host.pickPort();
    const seeder = await this.#start(host, port, dirname(path), ["--seed-ratio=0.0", checkFlag]);
    const announced = `{"event":"announced","port":${port},"left":0}`;
    // Whichever comes first: that it serves, or that it could not be started.
    await Promise.race([
      this.#tracker.waitForLine((line) => (line === announced ? true : undefined), READY_MAX_MS),
      seeder.rejectWhenEnded(),
    ]);
    return seeder;
  }

  startFetchers(orders: readonly FetchOrder[]): Promise<readonly Fetcher[]> {
    return Promise.all(orders.map((order) => this.#startFetcher(order)));
  }

  async #startFetcher({ host, folder, resumes, stays }: FetchOrder): Promise<Fetcher> {
    const seeding = stays ? ["--seed-ratio=0.0", `--on-bt-download-complete=${this.#hook}`] : ["--seed-time=0"];
    const process = await this.#start(host, await host.pickPort(), folder, resumes ? [...seeding, CHECK_FLAG] : seeding);
    const doneMs = stays
      ? process.waitForLine(isEvent("finished"), fetchMaxMs(this.#setup.content))
      : process.waitForSuccess(fetchMaxMs(this.#setup.content)).then(({ endedMs }) => endedMs);
    return { process, output: join(folder, this.#setup.content.name), doneMs };
  }

  #start(host: Host, port: number, folder: string, flags: readonly string[]): Promise<RunningProcess> {
    const where = [`--listen-port=${port}`, `--bt-tracker=${this.#announceUrl}`, `--dir=${folder}`];
    return this.#setup.launcher.start(host, ["aria2c", ...COMMON_FLAGS, ...where, ...flags, this.#setup.torrentPath]);
  }
}
