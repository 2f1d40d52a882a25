import type { ContentId } from "@piecewise/base";
import type { UploadEvent } from "@piecewise/piece-engine";
import { PeerConnection } from "./peer-connection.js";

/** The hands of the upload brain that look at what its callers offer to others. */
export class CallerWatches {
  readonly #peerId: Uint8Array;
  readonly #connections = new Map<string, PeerConnection>();

  constructor(peerId: Uint8Array) {
    this.#peerId = peerId;
  }

  watch(contentId: ContentId, address: string, tell: (event: UploadEvent) => void): void {
    // It has called us, so it knows where we listen.
    const connection = new PeerConnection(address, contentId, { peerId: this.#peerId, port: 0 });
    this.#connections.set(keyOf(contentId, address), connection);
    let isFirst = true;
    connection.watchPieces({
      onMessage: ({ offered, added }) => {
        if (isFirst) tell({ type: "callerWatched", content: contentId, address, offered });
        else if (added.length > 0) tell({ type: "callerOffers", content: contentId, address, added });
        isFirst = false;
      },
      onEnd: () => {
        this.unwatch(contentId, address);
        tell({ type: "callerLost", content: contentId, address });
      },
    });
  }

  unwatch(contentId: ContentId, address: string): void {
    const key = keyOf(contentId, address);
    this.#connections.get(key)?.close();
    this.#connections.delete(key);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}

const keyOf = (contentId: ContentId, address: string): string => `${contentId} ${address}`;
