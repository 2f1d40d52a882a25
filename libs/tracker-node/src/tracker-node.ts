import { randomBytes, randomInt } from "node:crypto";
import { type Cidr, type HostPort, type Logger, MIB, createPrng, silentLogger } from "@piecewise/base";
import { type RpcServer, startRpcServer } from "@piecewise/rpc";
import { createSwarmRegistry } from "@piecewise/swarm-registry";
import { dialPeer } from "./dial-back.js";
import { RegistryLoop } from "./registry-loop.js";
import { createTrackerService } from "./tracker-service.js";

const LEASE_TOKEN_BYTES = 16;
/** Room for a Register of as many contents as are allowed, with the longest names, each some 450 bytes. */
const REQUEST_BYTES_MAX = 5 * MIB;
const DRAIN_MS = 5_000;

export interface TrackerNodeOptions {
  /** Port 0 takes any free one. */
  readonly listen: HostPort;
  /** How long a peer that is not heard of stays listed: 1,000 to 3,600,000. */
  readonly leaseMs: number;
  /** Proxies that are believed when they say in `x-forwarded-for` who calls. Default: none. */
  readonly trustedProxies?: readonly Cidr[] | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

/** A tracker that serves. Start it with `startTrackerNode`. */
export interface TrackerNode extends AsyncDisposable {
  /** `host:port` with the real port. */
  readonly address: string;
  /**
   * Ends watches as GOING_AWAY, lets calls in flight finish for at most `drainMs` (default 5,000) and closes everything. What it knew is
   * gone; peers register again with whatever tracker comes next. Idempotent.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/**
 * Starts a tracker that knows nothing yet.
 * @throws UsageError INVALID_ARGUMENT (lease or address), ADDRESS_IN_USE; StorageError TOO_MANY_OPEN_FILES.
 */
export async function startTrackerNode({ listen, leaseMs, trustedProxies, logger = silentLogger }: TrackerNodeOptions): Promise<TrackerNode> {
  const registry = createSwarmRegistry({ leaseMs, prng: createPrng(randomInt(2 ** 32)), createToken, nowMs: now() });
  const loop = new RegistryLoop(registry, now, dialPeer);
  const server = await startRpcServer({
    listen,
    services: [createTrackerService(loop, logger)],
    logger,
    limits: { requestBytesMax: REQUEST_BYTES_MAX },
    trustedProxies,
  });
  logger.info({ address: server.address, leaseMs }, "tracker serves");
  return new RunningTracker(server, loop, logger);
}

/** The time of day can jump; leases must neither end nor stay because of that. */
const now = (): number => performance.now();

const createToken = (): string => randomBytes(LEASE_TOKEN_BYTES).toString("hex");

class RunningTracker implements TrackerNode {
  readonly address: string;
  readonly #server: RpcServer;
  readonly #loop: RegistryLoop;
  readonly #logger: Logger;
  #closed: Promise<void> | undefined;

  constructor(server: RpcServer, loop: RegistryLoop, logger: Logger) {
    this.address = server.address;
    this.#server = server;
    this.#loop = loop;
    this.#logger = logger;
  }

  close({ drainMs = DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    // The server says first that it serves no more, so that whoever is sent away from a watch does not come back.
    const closed = this.#server.close({ drainMs });
    this.#loop.close();
    await closed;
    this.#logger.info({ address: this.address }, "tracker closed");
  }
}
