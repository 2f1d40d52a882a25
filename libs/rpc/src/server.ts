import { type ConnectionInjector, Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import { assert, type Cidr, type HostPort, type Logger, MIB } from "@piecewise/base";
import { Health, reflectionV1, reflectionV1alpha } from "@piecewise/contract";
import { type CallerHost, TrustedProxies } from "./caller-host.js";
import { limitCallsPerHost } from "./host-calls.js";
import { createHealth, type HealthService } from "./health.js";
import type { ServiceImplementation } from "./implement-service.js";
import { type Listener, openListener } from "./listener.js";
import { CONTROL_MESSAGE_BYTES_MAX } from "./message-limits.js";
import { createReflection } from "./reflection.js";
import { sendFramedChunks } from "./sent-frames.js";

sendFramedChunks();

/** What one server takes on. */
export interface ServerLimits {
  /** Open connections; more are closed as they come. */
  readonly connectionsMax: number;
  /** Of these from one IPv4 address, or from one /64 of IPv6, other than loopback. */
  readonly connectionsPerHostMax: number;
  /** Calls at a time on one connection; a client queues the others. */
  readonly callsPerConnectionMax: number;
  /** Calls at a time from one IPv4 address, or from one /64 of IPv6, other than loopback; more are refused as BUSY. */
  readonly callsPerHostMax: number;
  /** Largest request; a larger one is refused with RESOURCE_EXHAUSTED. */
  readonly requestBytesMax: number;
}

export const SERVER_LIMITS: ServerLimits = {
  connectionsMax: 2048,
  connectionsPerHostMax: 64,
  callsPerConnectionMax: 256,
  callsPerHostMax: 1024,
  requestBytesMax: 4 * MIB,
};

/** How long `close` lets calls in flight go on if it is not told. */
export const SERVER_DRAIN_MS = 5_000;

export interface RpcServerOptions {
  /** Port 0 takes any free one. */
  readonly listen: HostPort;
  /** Health and reflection are added to them. */
  readonly services: readonly ServiceImplementation[];
  readonly logger: Logger;
  /** Those that differ from `SERVER_LIMITS`. */
  readonly limits?: Partial<ServerLimits>;
  /** Networks of proxies: who calls through them is who they say, and their connections are not counted. Default: none. */
  readonly trustedProxies?: readonly Cidr[] | undefined;
}

/** A server that is listening. Start it with `startRpcServer`. */
export interface RpcServer extends AsyncDisposable {
  /** `host:port` as it was asked for, with the real port. */
  readonly address: string;
  /**
   * Says NOT_SERVING to whoever watches its health, accepts no more, lets calls in flight finish for at most `drainMs` (default
   * `SERVER_DRAIN_MS`), then ends what is left. Resolves when the last connection is gone. Idempotent.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/**
 * Serves gRPC without TLS: the services, their health, and reflection.
 * @throws UsageError ADDRESS_IN_USE, INVALID_ARGUMENT (an address that cannot be listened on); StorageError TOO_MANY_OPEN_FILES.
 */
export async function startRpcServer({ listen, services, logger, limits, trustedProxies = [] }: RpcServerOptions): Promise<RpcServer> {
  const { connectionsMax, connectionsPerHostMax, callsPerHostMax, ...callLimits } = { ...SERVER_LIMITS, ...limits };
  const served = services.map(({ service }) => service);
  const health = createHealth([...served, reflectionV1.ServerReflection, reflectionV1alpha.ServerReflection]);
  const proxies = new TrustedProxies(trustedProxies);
  const grpc = new Server({ ...serverOptions(callLimits), interceptors: [limitCallsPerHost(callsPerHostMax, proxies, logger)] });
  for (const service of [...services, health.implementation, ...createReflection([...served, Health])]) {
    register(grpc, service, logger, proxies.callerHost);
  }

  // Connections are accepted here and not by grpc-js, which has no limit for them and forgets those that it should close.
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const onConnection = injector.injectConnection;
  const listener = await openListener({ listen, connectionsMax, connectionsPerHostMax, proxies, onConnection, logger });
  return new RunningServer(listener, injector, grpc, health);
}

const serverOptions = ({ callsPerConnectionMax, requestBytesMax }: Pick<ServerLimits, "callsPerConnectionMax" | "requestBytesMax">): ServerOptions => ({
  "grpc.max_concurrent_streams": callsPerConnectionMax,
  "grpc.max_receive_message_length": requestBytesMax,
  "grpc.max_send_message_length": CONTROL_MESSAGE_BYTES_MAX,
  // A caller that vanished without a word is noticed, and its calls and slots are freed, also when nothing is sent to it.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // A connection on which nobody calls is not kept for nothing.
  "grpc.max_connection_idle_ms": 300_000,
  // Bookkeeping for a service that is not offered.
  "grpc.enable_channelz": 0,
});

function register(grpc: Server, implementation: ServiceImplementation, logger: Logger, callerHost: CallerHost): void {
  for (const { path, handle, serialize, deserialize, type } of implementation.methods(logger, callerHost)) {
    assert(grpc.register(path, handle, serialize, deserialize, type), `${path} is implemented twice`);
  }
}

class RunningServer implements RpcServer {
  readonly address: string;
  readonly #listener: Listener;
  readonly #injector: ConnectionInjector;
  readonly #grpc: Server;
  readonly #health: HealthService;
  #closed: Promise<void> | undefined;

  constructor(listener: Listener, injector: ConnectionInjector, grpc: Server, health: HealthService) {
    this.address = listener.address;
    this.#listener = listener;
    this.#injector = injector;
    this.#grpc = grpc;
    this.#health = health;
  }

  close({ drainMs = SERVER_DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.#health.stopServing();
    const connectionsGone = this.#listener.close();
    // Tells clients to go elsewhere with new calls; a connection closes after its last one.
    this.#injector.destroy();
    const force = setTimeout(() => this.#listener.destroyConnections(), drainMs);
    await connectionsGone;
    clearTimeout(force);
    this.#grpc.forceShutdown();
  }
}
