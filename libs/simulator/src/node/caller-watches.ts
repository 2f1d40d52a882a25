import type { DownloadEvent, UploadEvent } from "@piecewise/piece-engine";
import { Connection, type ConnectionClient } from "./connection.js";
import type { SimulatedNode } from "./simulated-node.js";

/** The watches that an upload brain wants of those who call it. */
export class CallerWatches {
  readonly #connections = new Map<string, Connection>();

  constructor(
    private readonly node: SimulatedNode,
    private readonly content: string,
    private readonly tell: (event: UploadEvent) => void,
  ) {}

  watch(address: string): void {
    const { content } = this;
    const client: ConnectionClient = {
      node: this.node,
      tell: (event) => this.#heard(address, event),
      chunkReceived: () => {},
      disconnected: () => {
        this.unwatch(address);
        this.tell({ type: "callerLost", content, address });
      },
    };
    const connection = new Connection(client, this.node, 0, this.node.world.nodeAt(address));
    this.#connections.set(address, connection);
    connection.dial((server) => server.watch(connection));
  }

  unwatch(address: string): void {
    this.#connections.get(address)?.closeByClient();
    this.#connections.delete(address);
  }

  crash(isHeard: boolean): void {
    for (const connection of this.#connections.values()) {
      if (isHeard) connection.closeByClient();
      else connection.abandon();
    }
    this.#connections.clear();
  }

  #heard(address: string, event: DownloadEvent): void {
    const { content } = this;
    if (event.type === "peerConnected") this.tell({ type: "callerWatched", content, address, offered: event.offered });
    else if (event.type === "peerOffers") this.tell({ type: "callerOffers", content, address, added: event.added });
  }
}
