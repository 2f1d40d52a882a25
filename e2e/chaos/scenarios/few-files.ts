import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, vi } from "vitest";
import { runPeer } from "../../processes.js";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, trackerFlags, type World } from "../world.js";

/** A peer that does nothing has 26 open. */
const [FEWEST, MOST] = [32, 44];

const limited = (world: World): { readonly enter: readonly string[] } => ({ enter: ["prlimit", `--nofile=${world.between(FEWEST, MOST)}`] });

/** A fetcher, a seeder and a tracker that can open no more files or connections (EMFILE). */
export const fewFiles: Scenario = {
  name: "few-files",
  fault: "fetcher, seeder or tracker may open no more files (EMFILE)",
  needs: "namespaces",
  async run(world: World): Promise<Facts> {
    const [bytes, crowd] = world.isLong ? [16 * MIB, 30] : [2 * MIB, 24];
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker([], limited(world));
    const poor = await world.startSeeder(film, [tracker.address], [], limited(world));
    const rich = await world.startSeeder(film, [tracker.address]);

    // All that the seeder and the tracker can accept, and more.
    const sockets = await Promise.all([poor.address, tracker.address].flatMap((address) => Array.from({ length: crowd }, () => openSocket(address))));
    const crowded = world.startDownload(poor.contentId, film, ["--peer", poor.address, "--peer", rich.address, "--listen", "127.0.0.1:0"]);
    await crowded.finish();
    const freedMs = performance.now();
    await Promise.all(sockets.map(closeSocket));

    const list = async (): Promise<unknown> => (await runPeer(["list", "--tracker", tracker.address, "--json"])).events.at(-1)?.["seeds"];
    await vi.waitUntil(async () => (await list()) === 2, { timeout: 30_000, interval: 50 });
    const alone = world.startDownload(poor.contentId, film, ["--peer", poor.address, "--listen", "127.0.0.1:0"]);
    await alone.finish();
    const recoveryMs = [performance.now() - freedMs];

    // It fails with a reason or it does not; what it kept serves the next.
    const output = world.newPath("copy");
    const narrow = world.startDownload(poor.contentId, film, trackerFlags([tracker.address]), { output, enter: limited(world).enter });
    const { code } = await narrow.process.waitForExit();
    expect([0, 3, 5, 8], narrow.process.transcript()).toContain(code);
    await world.startDownload(poor.contentId, film, trackerFlags([tracker.address]), { output }).finish();
    return { tries: 3, recoveryMs };
  },
};

async function openSocket(address: string): Promise<Socket> {
  const [host, port] = address.split(":") as [string, string];
  const socket = connect(Number(port), host);
  socket.on("error", () => {}); // Being turned away is fine.
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  return socket;
}

async function closeSocket(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = once(socket, "close");
  socket.destroy();
  await closed;
}
