import { PeerService, type GetPieceResponse } from "@piecewise/contract";
import { chunkCodec, type ClientStream, createClient, openChannel, type RpcChannel, type ServiceClient, type StreamListener } from "@piecewise/rpc";

/** Connections for pieces to one peer that is far away. */
export const FAR_CONNECTIONS_MAX = 4;
/** Who needs so long to be dialled and to give its first answer is far away: that takes three round trips. */
const FAR_ANSWER_MS = 50;

interface Connection {
  readonly channel: RpcChannel;
  readonly client: ServiceClient<typeof PeerService>;
  streams: number;
}

/**
 * How many connections pieces come through. One is enough where a round trip is short. Over a long one it is not: what the system lets be
 * under way on a connection (4 MiB is a common maximum) is less than such a link holds.
 */
export const connectionsFor = (firstAnswerMs: number): number => (firstAnswerMs < FAR_ANSWER_MS ? 1 : FAR_CONNECTIONS_MAX);

/** The connections through which pieces of one peer come, each made when it is needed. */
export class BulkConnections {
  readonly #address: string;
  readonly #connections: Connection[] = [];
  #max = 1;

  constructor(address: string) {
    this.#address = address;
  }

  /** The peer's first answer came so long after it was dialled. */
  answeredAfter(ms: number): void {
    this.#max = connectionsFor(ms);
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
    const stream = connection.client.getPiece(request, {
      ...listener,
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

  close(): void {
    for (const { channel } of this.#connections) channel.close();
  }

  #leastBusy(): Connection {
    let best: Connection | undefined;
    for (const connection of this.#connections) if (best === undefined || connection.streams < best.streams) best = connection;
    if (best !== undefined && (best.streams === 0 || this.#connections.length >= this.#max)) return best;
    const channel = openChannel(this.#address, { purpose: "bulk", remote: "peer" });
    const opened = { channel, client: createClient(PeerService, channel, { getPiece: chunkCodec }), streams: 0 };
    this.#connections.push(opened);
    return opened;
  }
}
