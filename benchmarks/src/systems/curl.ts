import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { MIB } from "@piecewise/base";
import type { Host } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";
import { fetchMaxMs, READY_MAX_MS } from "./deadlines.js";
import type { Fetcher, FetchOrder, Swarm, SwarmSetup, System } from "./system.js";

const SERVER_ENTRY = fileURLToPath(new URL("../entry/file-server.js", import.meta.url));
const FETCH_SCRIPT = `curl --silent --show-error --fail --output "$1" "$2" && test "$(openssl dgst -sha256 -r "$1")" = "$3 *$1"`;

/** The plainest way to have a verified copy, and so a floor: one server, one file, its hash known beforehand. */
export const createCurl = (version: string): System => ({
  title: `curl ${version} + openssl`,
  openSwarm: async (setup) => new CurlDownloads(setup, await sha256(setup.content.path)),
});

class CurlDownloads implements Swarm {
  readonly #setup: SwarmSetup;
  readonly #sha256: string;
  #url = "";

  constructor(setup: SwarmSetup, hash: string) {
    this.#setup = setup;
    this.#sha256 = hash;
  }

  async startSeeder(host: Host): Promise<RunningProcess> {
    const server = await this.#setup.launcher.start(host, [process.execPath, SERVER_ENTRY, host.address, this.#setup.content.path]);
    const port = await server.waitForLine((line) => /^\{"event":"listening","port":(\d+)\}$/.exec(line)?.[1], READY_MAX_MS);
    this.#url = `http://${host.address}:${port}/`;
    return server;
  }

  startFetchers(orders: readonly FetchOrder[]): Promise<readonly Fetcher[]> {
    return Promise.all(
      orders.map(async ({ host, folder }) => {
        const output = join(folder, this.#setup.content.name);
        const process = await this.#setup.launcher.start(host, ["sh", "-c", FETCH_SCRIPT, "sh", output, this.#url, this.#sha256]);
        return { process, output, doneMs: process.waitForSuccess(fetchMaxMs(this.#setup.content)).then(({ endedMs }) => endedMs) };
      }),
    );
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: MIB }), hash);
  return hash.digest("hex");
}
