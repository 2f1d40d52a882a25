import { PeerService, type GetPieceResponse } from "@piecewise/contract";
import { chunkCodec, type ClientStream, createClient, openChannel, type RpcChannel, type ServiceClient, type StreamListener } from "@piecewise/rpc";

/** Connections for pieces to one peer that is far away. */
export const FAR_CONNECTIONS_MAX = 4;
/** A peer of which not even the quickest answer took less is far away. */
const FAR_ANSWER_MS = 20;
/** A peer, or this process, may be busy and answer late: so many answers are waited for. */
const ANSWERS_MIN = 3;

interface Connection {
  readonly channel: RpcChannel;
  readonly client: ServiceClient<typeof PeerService>;
  streams: number;
}

/**
 * Through how many connections pieces are to come. One is enough where a round trip is short. Over a long one it is not: what the system
 * lets be under way on a connection (4 MiB is a common maximum) is less than such a link holds.
 * @param answersMs how long the peer took to grant what it was asked for.
 */
export const connectionsFor = (answersMs: { readonly count: number; readonly quickest: number }): number =>
  answersMs.count >= ANSWERS_MIN && answersMs.quickest >= FAR_ANSWER_MS ? FAR_CONNECTIONS_MAX : 1;

/** The connections through which pieces of one peer come, each made when it is needed. */
export class BulkConnections {
  readonly #address: string;
  readonly #connections: Connection[] = [];
  #answersMs = { count: 0, quickest: Number.POSITIVE_INFINITY };

  /** @param now a clock in milliseconds that only goes forward. */
  constructor(address: string, private readonly now: () => number = () => performance.now()) {
    this.#address = address;
  }

  /** Asks for pieces through the connection that has the least to do. */
  getPiece(
    request: Parameters<ServiceClient<typeof PeerService>["getPiece"]>[0],
    listener: StreamListener<GetPieceResponse>,
  ): ClientStream {
    const connection = this.#leastBusy();
    connection.streams += 1;
    let isOver = false;
    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      connection.streams -= 1;
    };
    const askedMs = this.now();
    const stream = connection.client.getPiece(request, {
      ...listener,
      onHeaders: () => {
        const { count, quickest } = this.#answersMs;
        this.#answersMs = { count: count + 1, quickest: Math.min(quickest, this.now() - askedMs) };
        listener.onHeaders?.();
      },
      onEnd(error) {
        leave();
        listener.onEnd(error);
      },
    });
    return {
      ...stream,
      cancel() {
        leave();
        stream.cancel();
      },
    };
  }

  /** Makes the first connection, so that the first piece need not wait for it. */
  connect(): void {
    this.#leastBusy().channel.connect();
  }

  close(): void {
    for (const { channel } of this.#connections) channel.close();
  }

  #leastBusy(): Connection {
    const connectionsMax = connectionsFor(this.#answersMs);
    let best: Connection | undefined;
    for (const connection of this.#connections.slice(0, connectionsMax)) if (best === undefined || connection.streams < best.streams) best = connection;
    if (best !== undefined && (best.streams === 0 || this.#connections.length >= connectionsMax)) return best;
    const channel = openChannel(this.#address, { purpose: "bulk", remote: "peer" });
    const opened = { channel, client: createClient(PeerService, channel, { getPiece: chunkCodec }), streams: 0 };
    this.#connections.push(opened);
    return opened;
  }
}
