import { expect, test } from "vitest";
import { behavioursOf, PEER_LIES } from "./hostile/peer-lies.js";
import { peakMemoryMib } from "./peak-memory.js";
import { startPeer } from "./processes.js";
import { downloadFrom, KIB, startHonestSwarm, startLiars } from "./swarm-of-liars.js";
import { hashFile } from "./test-files.js";

const PIECE_LENGTH = 256 * KIB;
const MEMORY_MIB_MAX = 450;
const TIMEOUT_MS = 90_000;

test("every liar at once, and one peer that is honest: the download ends well, and memory is bounded", { timeout: TIMEOUT_MS }, async () => {
  await using swarm = await startHonestSwarm({ bytes: 32 * PIECE_LENGTH - 17, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "4M"] });
  await using liars = await startLiars(swarm.content, behavioursOf(Object.keys(PEER_LIES), swarm.content));
  const peers = [...liars.peers.values()].map(({ address }) => address);
  const output = swarm.folder.join("copy");
  await using fetcher = startPeer([...downloadFrom([...peers, swarm.seederAddress], swarm.content.contentId, output), "--max-peers", "100", "--seed"]);
  const finished = await fetcher.waitForEvent("finished", () => true, TIMEOUT_MS);
  expect(await hashFile(output)).toBe(await hashFile(swarm.path));
  expect(peakMemoryMib(fetcher.pid)).toBeLessThan(MEMORY_MIB_MAX);
  const given = finished["peers"] as { address: string; bytes: number }[];
  const fromSeeder = given.find(({ address }) => address === swarm.seederAddress)!.bytes;
  expect(fromSeeder).toBeGreaterThan(0);
  for (const [name, liar] of liars.peers) expect(liar.calls.of("WatchPieces").length, name).toBeGreaterThan(0);
});
