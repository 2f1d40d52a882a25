import type { DownloadCommand, DownloadEvent, PeerRef } from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import { type Checker, CheckFailed } from "./checker.js";

/** Who sent wrong bytes is banned as soon as that is certain, and nobody else ever is. */
export class JustBans implements Checker {
  readonly name = "just-bans";

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    for (const command of commands) if (command.type === "banPeer") this.#expectLiar(node, command.address);
    for (const peer of guilty(node, event)) this.#expectBan(node, peer, commands);
  }

  #expectLiar(node: SimulatedNode, address: string): void {
    if (!node.downloads!.wasLiedToBy(address)) throw new CheckFailed(this.name, node, `${address} is banned and sent no wrong byte`);
  }

  #expectBan(node: SimulatedNode, peer: PeerRef, commands: readonly DownloadCommand[]): void {
    const { address } = node.downloads!.nodeOf(peer)!.host;
    const isBanned = node.downloads!.isBanned(address) || commands.some((command) => command.type === "banPeer" && command.peer === peer);
    if (!isBanned) throw new CheckFailed(this.name, node, `${address} sent wrong bytes and is not banned`);
  }
}

/** Whose guilt an event shows. */
function guilty(node: SimulatedNode, event: DownloadEvent): readonly PeerRef[] {
  if (event.type === "pieceVerified") return event.blamed;
  if (event.type !== "pieceRejected") return [];
  const peers = new Set(node.downloads!.copies.lastRejected);
  return peers.size === 1 ? [...peers] : [];
}
