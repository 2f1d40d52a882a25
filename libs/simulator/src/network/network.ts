import type { Prng } from "@piecewise/base";
import type { EventQueue } from "../clock/event-queue.js";
import { Link } from "./link.js";

/** How a node is connected to the network. */
export interface Line {
  /** Whole bytes per second. */
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  /** Its part of the way to anybody. */
  readonly latencyUs: number;
}

/** A machine on the network. */
export class Host {
  readonly uplink: Link;
  readonly downlink: Link;
  readonly latencyUs: number;
  /** Hosts of different sides do not reach each other while the network is split. */
  side = 0;
  /** Payload bytes that went through its uplink and its downlink. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Without power: what is sent to it is never answered. */
  isSilent = false;

  constructor(
    readonly address: string,
    line: Line,
    queue: EventQueue,
  ) {
    this.uplink = new Link(queue, line.upBytesPerSecond);
    this.downlink = new Link(queue, line.downBytesPerSecond);
    this.latencyUs = line.latencyUs;
  }
}

/** How long messages travel, and between whom they do. */
export class Network {
  /** Payload bytes that left a host, reached one, and were lost on the way. */
  sentBytes = 0;
  deliveredBytes = 0;
  lostBytes = 0;
  /** Payload bytes under way. */
  flyingBytes = 0;
  #healsAtUs = 0;

  constructor(
    private readonly queue: EventQueue,
    private readonly prng: Prng,
    private readonly jitterUs: number,
  ) {}

  /** No message passes between the sides before that time; what is sent meanwhile is sent again and again until it does. */
  splitUntil(healsAtUs: number): void {
    this.#healsAtUs = healsAtUs;
  }

  isSplit(from: Host, to: Host): boolean {
    return from.side !== to.side && this.queue.nowUs < this.#healsAtUs;
  }

  /** When something small that is sent now arrives; Infinity if never. */
  arrivalUs(from: Host, to: Host): number {
    if (from.isSilent || to.isSilent) return Number.POSITIVE_INFINITY;
    const departureUs = this.isSplit(from, to) ? this.#healsAtUs : this.queue.nowUs;
    return departureUs + from.latencyUs + to.latencyUs + this.prng.below(this.jitterUs + 1);
  }
}
