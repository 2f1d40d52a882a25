import {
  DIALS_AT_ONCE_MAX,
  type DownloadCommand,
  type DownloadEvent,
  IN_FLIGHT_BYTES_MAX_DEFAULT,
  type PeerRef,
  type RequestRef,
  SENDS_AHEAD_MAX,
  type StreamRef,
  STREAMS_PER_SOURCE_MAX,
  UPLOAD_QUEUE_MAX,
  UPLOAD_SLOTS_MAX,
  UPLOAD_WATCHERS_MAX,
  type UploadCommand,
  type UploadEvent,
} from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import type { Simulation } from "../simulation.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

interface Taken {
  readonly dials: Set<PeerRef>;
  readonly streams: Map<StreamRef, PeerRef>;
  readonly streamsOf: Map<PeerRef, number>;
}

/** Every window, queue and table of the brains stays within its named maximum. */
export class Limits implements Checker {
  readonly name = "limits";
  readonly #taken = new ProcessState(
    ({ downloads }) => downloads,
    (): Taken => ({ dials: new Set(), streams: new Map(), streamsOf: new Map() }),
  );
  /** Sends that are not drained, by granted request. */
  readonly #sends = new ProcessState(
    ({ uploads }) => uploads,
    () => new Map<RequestRef, number>(),
  );

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    const taken = this.#taken.of(node);
    if (event.type === "peerConnected" || event.type === "peerDisconnected") taken.dials.delete(event.peer);
    else if (event.type === "streamEnded" || event.type === "streamFailed") this.#closed(taken, event.stream);
    for (const command of commands) this.#apply(node, taken, command);
    const { inFlightBytes } = node.downloads!.budget;
    // One piece may go beyond it when no stream is open, so that pieces larger than the limit still move.
    this.#expect(node, "bytes in flight", inFlightBytes, IN_FLIGHT_BYTES_MAX_DEFAULT + node.disk.geometry.pieceLength);
  }

  upload(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void {
    const sends = this.#sends.of(node);
    if (event.type === "requestEnded") sends.delete(event.request);
    if (event.type === "chunkDrained" && sends.has(event.request)) sends.set(event.request, sends.get(event.request)! - 1);
    for (const command of commands) {
      if (command.type === "stop") sends.delete(command.request);
      else if (command.type === "grant") {
        sends.set(command.request, 0);
        this.#expect(node, "slots", sends.size, UPLOAD_SLOTS_MAX);
      } else if (command.type === "send") {
        const ahead = (sends.get(command.request) ?? 0) + 1;
        sends.set(command.request, ahead);
        this.#expect(node, "sends ahead", ahead, SENDS_AHEAD_MAX);
      }
    }
  }

  scan({ nodes, peersMax }: Simulation): void {
    for (const node of nodes) {
      if (node.downloads !== undefined) this.#expect(node, "connections", node.downloads.connections.size, peersMax);
      if (node.uploads === undefined) continue;
      const { queueLength, watchers } = node.uploads.engine.stats();
      this.#expect(node, "waiting requests", queueLength, UPLOAD_QUEUE_MAX);
      this.#expect(node, "watchers", watchers, UPLOAD_WATCHERS_MAX);
    }
  }

  #apply(node: SimulatedNode, taken: Taken, command: DownloadCommand): void {
    if (command.type === "connectPeer") {
      taken.dials.add(command.peer);
      this.#expect(node, "dials at once", taken.dials.size, DIALS_AT_ONCE_MAX);
    } else if (command.type === "dropPeer" || command.type === "banPeer") {
      taken.dials.delete(command.peer);
    } else if (command.type === "cancelStream") {
      this.#closed(taken, command.stream);
    } else if (command.type === "openStream") {
      const count = (taken.streamsOf.get(command.peer) ?? 0) + 1;
      taken.streams.set(command.stream, command.peer);
      taken.streamsOf.set(command.peer, count);
      this.#expect(node, "streams to one peer", count, STREAMS_PER_SOURCE_MAX);
    }
  }

  #closed(taken: Taken, ref: StreamRef): void {
    const peer = taken.streams.get(ref);
    if (peer === undefined) return;
    taken.streams.delete(ref);
    taken.streamsOf.set(peer, taken.streamsOf.get(peer)! - 1);
  }

  #expect(node: SimulatedNode, what: string, count: number, countMax: number): void {
    if (count > countMax) throw new CheckFailed(this.name, node, `${count} ${what} where at most ${countMax} are allowed`);
  }
}
