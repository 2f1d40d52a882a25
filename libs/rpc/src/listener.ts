import { lookup } from "node:dns/promises";
import { createServer, type Server, type Socket } from "node:net";
import { formatHostPort, type HostPort, type Logger, type PiecewiseError, StorageError, UsageError } from "@piecewise/base";
import type { TrustedProxies } from "./caller-host.js";
import { HostQuota } from "./host-quota.js";
import { plainHost } from "./remote-host.js";

export interface ListenerOptions {
  readonly listen: HostPort;
  /** Connections in all; more are closed at once. */
  readonly connectionsMax: number;
  /** Connections from one IPv4 address or /64 of IPv6 that is not this machine; more are closed at once. */
  readonly connectionsPerHostMax: number;
  /** Their connections are those of many, and are not counted with one address. */
  readonly proxies: TrustedProxies;
  readonly onConnection: (socket: Socket) => void;
  readonly logger: Logger;
}

/** Accepts connections within its limits and knows all that are open. Open it with `openListener`. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #hosts: HostQuota;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { connectionsPerHostMax } = options;
    this.#hosts = new HostQuota(connectionsPerHostMax, (host) => this.#warn({ host, connectionsPerHostMax }, "refused a connection: too many from one address"));
    this.#server = createServer({ noDelay: true }, (socket) => this.#admit(socket));
    this.#server.maxConnections = options.connectionsMax;
    this.#server.on("drop", () => this.#warn({ connectionsMax: options.connectionsMax }, "refused a connection: too many are open"));
  }

  /** `host:port` with the real port. */
  get address(): string {
    const bound = this.#server.address();
    const port = bound === null || typeof bound === "string" ? this.#options.listen.port : bound.port;
    return formatHostPort({ host: this.#options.listen.host, port });
  }

  /** For `openListener`. Rejects with what Node says. */
  async listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    // A name such as localhost may stand for both kinds of addresses; most programs try the IPv4 one.
    const { address } = await lookup(host, { order: "ipv4first" });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host: address, port }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    // From now on an error is a connection that could not be accepted; the server goes on.
    this.#server.on("error", (error) => this.#warn({ error }, "could not accept a connection"));
  }

  /** Accepts no more; resolves when the last connection is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Ends all connections at once. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #admit(socket: Socket): void {
    const host = plainHost(socket.remoteAddress ?? "");
    const isCounted = !this.#options.proxies.has(host);
    if (isCounted && !this.#hosts.admit(host)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (isCounted) this.#hosts.release(host);
    });
    this.#options.onConnection(socket);
  }

  #warn(fields: object, message: string): void {
    this.#options.logger.warn(fields, message);
  }
}

/**
 * Listens, on the first address if the host is a name.
 * @throws UsageError ADDRESS_IN_USE, INVALID_ARGUMENT; StorageError TOO_MANY_OPEN_FILES
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const listener = new Listener(options);
  try {
    await listener.listen();
  } catch (error) {
    throw translateListenError(error, formatHostPort(options.listen));
  }
  return listener;
}

function translateListenError(cause: unknown, address: string): PiecewiseError {
  const failed = `cannot listen on ${address}`;
  switch (cause instanceof Error && "code" in cause ? cause.code : undefined) {
    case "EADDRINUSE":
      return new UsageError("ADDRESS_IN_USE", `${failed}: another program does already; stop it or choose another port (0 takes any free one)`, {
        cause,
      });
    case "EACCES":
      return new UsageError("INVALID_ARGUMENT", `${failed}: this user may not; choose a port above 1023`, { cause });
    case "EADDRNOTAVAIL":
      return new UsageError("INVALID_ARGUMENT", `${failed}: this machine has no such address; 0.0.0.0 stands for all that it has`, { cause });
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new UsageError("INVALID_ARGUMENT", `${failed}: the host name is not known; give an IP address of this machine`, { cause });
    case "EMFILE":
    case "ENFILE":
      return new StorageError("TOO_MANY_OPEN_FILES", `${failed}: too many files are open; raise the limit (ulimit -n)`, { cause });
    default:
      return new UsageError("INVALID_ARGUMENT", `${failed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
