import { Channel, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { CancelledError, formatHostPort, isLoopbackHost, parseHostPort, type PiecewiseError } from "@piecewise/base";
import { BulkSockets } from "./bulk/bulk-sockets.js";
import { connectInBulk } from "./bulk/bulk-transport.js";
import { BULK_MESSAGE_BYTES_MAX, BULK_WINDOW_BYTES, CONTROL_MESSAGE_BYTES_MAX } from "./message-limits.js";
import { remoteHostOf } from "./remote-host.js";
import type { Remote } from "./status.js";

export type GrpcCall = ReturnType<Channel["createCall"]>;

const COMMON_OPTIONS: ChannelOptions = {
  // Channels to one address would share a connection, and a paused bulk stream would starve control calls.
  "grpc.use_local_subchannel_pool": 1,
  // Retry policies are not taken from DNS: what is tried again is the caller's decision. It also saves a TXT query.
  "grpc.service_config_disable_resolution": 1,
  // Peers are dialled directly: grpc-js would ask the proxy of the environment even for loopback, and one for the web knows no peers.
  "grpc.enable_http_proxy": 0,
  // A peer that is just starting is found quickly; one that is gone is not asked more often than this.
  "grpc.initial_reconnect_backoff_ms": 250,
  "grpc.max_reconnect_backoff_ms": 5_000,
  // A connection that died without a word is noticed while calls are open. Servers of other makes refuse pings that come more often than
  // data; watched streams have a heartbeat every 15 s.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // Bookkeeping for a service that is not offered.
  "grpc.enable_channelz": 0,
};

const PURPOSE_OPTIONS: Record<ChannelPurpose, ChannelOptions> = {
  control: {
    "grpc.max_receive_message_length": CONTROL_MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": CONTROL_MESSAGE_BYTES_MAX,
  },
  bulk: {
    "grpc.max_receive_message_length": BULK_MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": BULK_MESSAGE_BYTES_MAX,
    // The default of 64 KiB makes the sender wait for a window update several times a chunk.
    "grpc-node.flow_control_window": BULK_WINDOW_BYTES,
  },
};

/** Control calls and bulk streams never share a connection: a paused bulk stream holds the window of all of it. */
export type ChannelPurpose = "control" | "bulk";

export interface ChannelSettings {
  readonly purpose: ChannelPurpose;
  /** Who is dialled: names it in errors. Default: a peer. */
  readonly remote?: Remote["kind"];
}

/** One connection to a peer or tracker, made when the first call needs it or sooner, and made again when it was lost. Open it with `openChannel`. */
export class RpcChannel {
  /** `host:port` */
  readonly address: string;
  readonly remote: Remote;
  /** Whether messages may bypass grpc-js. */
  readonly isBulk: boolean;
  readonly #channel: Channel;
  readonly #bulkSockets = new BulkSockets();
  readonly #openCalls = new Set<(error: PiecewiseError) => void>();
  #closed = false;
  #isOnLoopback = false;

  constructor(address: string, { purpose, remote = "peer" }: ChannelSettings) {
    this.address = address;
    this.remote = { kind: remote, address };
    this.isBulk = purpose === "bulk";
    const target = formatHostPort(parseHostPort(address, `the address of the ${remote}`));
    // Without the scheme a host called "unix" or "xds" would choose another resolver.
    this.#channel = new Channel(`dns:${target}`, credentials.createInsecure(), {
      ...COMMON_OPTIONS,
      ...PURPOSE_OPTIONS[purpose],
      ...(this.isBulk ? connectInBulk(this.#bulkSockets) : {}),
    });
  }

  /** Whether who answered last is on this machine, under whatever name it was dialled. */
  get isOnLoopback(): boolean {
    return this.#isOnLoopback;
  }

  /** Dials now instead of with the first call, which is what hears of a failure. */
  connect(): void {
    if (!this.#closed) this.#channel.getConnectivityState(true);
  }

  /** Ends all calls with `CancelledError` and closes the connection. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const end of this.#openCalls) end(this.#closedError());
    this.#channel.close();
    this.#bulkSockets.close();
  }

  /**
   * For clients: creates a call. `end` is called with an error if the channel closes before `forgetCall`; if it is closed already there is
   * no call and `end` follows soon.
   */
  createCall(path: string, deadlineMs: number, end: (error: PiecewiseError) => void): GrpcCall | undefined {
    if (this.#closed) {
      process.nextTick(() => end(this.#closedError()));
      return undefined;
    }
    this.#openCalls.add(end);
    return this.#channel.createCall(path, deadlineMs, null, null, null);
  }

  /** For clients: the call is being answered. */
  answered(call: GrpcCall): void {
    this.#isOnLoopback = isLoopbackHost(remoteHostOf(call.getPeer()));
  }

  forgetCall(end: (error: PiecewiseError) => void): void {
    this.#openCalls.delete(end);
  }

  #closedError(): PiecewiseError {
    return new CancelledError(`the channel to ${this.remote.kind} ${this.address} was closed`);
  }
}

/**
 * Opens a channel to `host:port`. Nothing is dialled before the first call, or `connect`.
 * @throws UsageError INVALID_ARGUMENT if `address` is not `host:port`.
 */
export const openChannel = (address: string, settings: ChannelSettings): RpcChannel => new RpcChannel(address, settings);
