import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchFailure } from "../bench-failure.js";
import { nowMs } from "../measure/clock.js";
import type { Host } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";
import { fetchMaxMs, READY_MAX_MS } from "./deadlines.js";
import type { Fetcher, FetchOrder, Swarm, SwarmSetup, System } from "./system.js";

const LOOK_MS = 10;

/** A daemon and a client; rsync checks the hash of every file that it has received. */
export const createRsync = (version: string): System => ({
  title: `rsync ${version}`,
  openSwarm: async (setup) => new RsyncDownloads(setup),
});

class RsyncDownloads implements Swarm {
  readonly #setup: SwarmSetup;
  #url = "";

  constructor(setup: SwarmSetup) {
    this.#setup = setup;
  }

  async startSeeder(host: Host): Promise<RunningProcess> {
    const { launcher, content, folder } = this.#setup;
    const [config, log] = [join(folder, "rsyncd.conf"), join(folder, "rsyncd.log")];
    writeFileSync(config, `use chroot = no\n[content]\npath = ${dirname(content.path)}\n`);
    const port = await host.pickPort();
    const flags = [`--config=${config}`, `--address=${host.address}`, `--port=${port}`, `--log-file=${log}`];
    const daemon = await launcher.start(host, ["rsync", "--daemon", "--no-detach", ...flags]);
    await Promise.race([whenListening(log), daemon.rejectWhenEnded()]);
    this.#url = `rsync://${host.address}:${port}/content/${content.name}`;
    return daemon;
  }

  startFetchers(orders: readonly FetchOrder[]): Promise<readonly Fetcher[]> {
    return Promise.all(
      orders.map(async ({ host, folder }) => {
        const process = await this.#setup.launcher.start(host, ["rsync", "--archive", this.#url, `${folder}/`]);
        const doneMs = process.waitForSuccess(fetchMaxMs(this.#setup.content)).then(({ endedMs }) => endedMs);
        return { process, output: join(folder, this.#setup.content.name), doneMs };
      }),
    );
  }
}

/** The log is the only place where a daemon says it. */
async function whenListening(log: string): Promise<void> {
  const deadlineMs = nowMs() + READY_MAX_MS;
  while (!existsSync(log) || !readFileSync(log, "utf8").includes("listening on port")) {
    if (nowMs() > deadlineMs) throw new BenchFailure(`rsync: not ready after ${READY_MAX_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}
