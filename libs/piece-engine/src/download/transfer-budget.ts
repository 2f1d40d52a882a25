import { assert, KIB, MIB } from "@piecewise/base";
import { createTokenBucket, type TokenBucket } from "../token-bucket.js";

/** Connections to peers that all downloads of a process have at most together. */
export const CONNECTIONS_MAX_DEFAULT = 200;
/** Bytes that all downloads of a process have asked for and not yet stored. */
export const IN_FLIGHT_BYTES_MAX_DEFAULT = 64 * MIB;
/** With a rate limit a request is for about so much of a second, so that the rate is smooth. */
const QUANTUM_SECONDS = 0.25;
/** Smaller requests cost more than they smooth. */
const QUANTUM_BYTES_MIN = 16 * KIB;
/** Two of them may be under way at once, and are lost if the process dies just then: more than this only where it is a moment of the rate. */
const QUANTUM_BYTES_ENOUGH = MIB;
const QUANTUM_SECONDS_ENOUGH = 0.02;
const QUANTUM_BYTES_MAX = 4 * MIB;
/** With a rate limit so much of it, which is lost if the process dies, is under way at most … */
const UNDER_WAY_SECONDS = 0.175;
/** … or so much, if that is more. With a manifest and headers it stays below 4 MiB. */
const UNDER_WAY_BYTES_ENOUGH = 3.5 * MIB;

export interface TransferBudgetOptions {
  /** Default: `CONNECTIONS_MAX_DEFAULT`. */
  readonly connectionsMax?: number | undefined;
  /** Default: `IN_FLIGHT_BYTES_MAX_DEFAULT`. */
  readonly inFlightBytesMax?: number | undefined;
  /** undefined for no limit. */
  readonly downloadBytesPerSecond?: number | undefined;
}

/**
 * What all downloads of one process share: it is the one owner of these limits. A download that has no stream open may go beyond
 * `inFlightBytesMax` by one request, so that pieces larger than the limit still move.
 */
export interface TransferBudget {
  readonly connections: number;
  readonly inFlightBytes: number;
  /** undefined for no limit. */
  readonly downloadBytesPerSecond: number | undefined;
  /** With a rate limit: how many bytes a request should at least be for, if that many are wanted. */
  readonly quantumBytes: number;
  /**
   * With a rate limit: how many bytes may be on their way here, or be here and not stored. A machine that is busy stores later, and what it
   * has not stored yet must not pile up.
   */
  readonly underWayBytesMax: number;
  /** Tokens are bytes that may be asked for. */
  readonly tokens: TokenBucket;
  /** How many more bytes may be in flight; 0 if none. */
  readonly inFlightRoomBytes: number;
  /** False if there are as many as allowed. */
  takeConnection(): boolean;
  releaseConnection(): void;
  takeInFlight(bytes: number): void;
  releaseInFlight(bytes: number): void;
}

/** Creates the budget of a process. */
export function createTransferBudget(options: TransferBudgetOptions = {}): TransferBudget {
  const connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX_DEFAULT;
  const inFlightBytesMax = options.inFlightBytesMax ?? IN_FLIGHT_BYTES_MAX_DEFAULT;
  const { downloadBytesPerSecond } = options;
  const quantumBytes = quantumBytesAt(downloadBytesPerSecond ?? 0);
  let connections = 0;
  let inFlightBytes = 0;
  return {
    downloadBytesPerSecond,
    quantumBytes,
    underWayBytesMax: downloadBytesPerSecond === undefined ? Infinity : Math.max(UNDER_WAY_BYTES_ENOUGH, downloadBytesPerSecond * UNDER_WAY_SECONDS),
    tokens: createTokenBucket(downloadBytesPerSecond, 2 * quantumBytes),
    get connections() {
      return connections;
    },
    get inFlightBytes() {
      return inFlightBytes;
    },
    get inFlightRoomBytes() {
      return Math.max(0, inFlightBytesMax - inFlightBytes);
    },
    takeConnection() {
      if (connections >= connectionsMax) return false;
      connections += 1;
      return true;
    },
    releaseConnection() {
      assert(connections > 0, "a connection is released that was not taken");
      connections -= 1;
    },
    takeInFlight(bytes) {
      inFlightBytes += bytes;
    },
    releaseInFlight(bytes) {
      inFlightBytes -= bytes;
      assert(inFlightBytes >= 0, "more bytes are released than were in flight");
    },
  };
}

function quantumBytesAt(bytesPerSecond: number): number {
  const enough = Math.max(QUANTUM_BYTES_ENOUGH, bytesPerSecond * QUANTUM_SECONDS_ENOUGH);
  return Math.ceil(Math.min(Math.max(bytesPerSecond * QUANTUM_SECONDS, QUANTUM_BYTES_MIN), enough, QUANTUM_BYTES_MAX));
}
