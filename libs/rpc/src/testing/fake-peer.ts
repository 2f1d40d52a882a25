import { type Logger, silentLogger } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { openChannel, type RpcChannel } from "../channel.js";
import { chunkCodec } from "../chunk-codec.js";
import { createClient, type ServiceClient } from "../client.js";
import type { ServiceHandlers } from "../handlers.js";
import { implementService } from "../implement-service.js";
import { type RpcServer, type ServerLimits, startRpcServer } from "../server.js";

export type PeerHandlers = ServiceHandlers<typeof PeerService>;

/** A peer whose methods do nothing. */
export const idlePeer: PeerHandlers = {
  identify: () => ({}),
  async getManifest() {},
  async getPiece() {},
  async watchPieces() {},
  exchangePeers: () => ({}),
  reportBadPiece: () => ({}),
};

/** A server with a peer that does only what the test gives it to do. */
export function startFakePeer(
  handlers: Partial<PeerHandlers> = {},
  options: { readonly logger?: Logger; readonly limits?: Partial<ServerLimits> } = {},
): Promise<RpcServer> {
  const services = [implementService(PeerService, { ...idlePeer, ...handlers }, { getPiece: chunkCodec })];
  return startRpcServer({ listen: { host: "127.0.0.1", port: 0 }, services, logger: silentLogger, ...options });
}

/** A client on a channel of its own, closed when the scope ends. */
export interface TestClient extends Disposable {
  readonly peer: ServiceClient<typeof PeerService>;
  readonly channel: RpcChannel;
}

export function openTestClient(address: string, purpose: "control" | "bulk" = "control"): TestClient {
  const channel = openChannel(address, { purpose });
  return { channel, peer: createClient(PeerService, channel, { getPiece: chunkCodec }), [Symbol.dispose]: () => channel.close() };
}

/** A promise and the function that resolves it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

export function deferred<Value = void>(): Deferred<Value> {
  const settle: { resolve?: (value: Value) => void } = {};
  const promise = new Promise<Value>((resolve) => {
    settle.resolve = resolve;
  });
  return { promise, resolve: (value) => settle.resolve?.(value) };
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Resolves as soon as the condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
