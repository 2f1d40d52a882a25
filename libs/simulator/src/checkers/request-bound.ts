import { COPIES_OF_PIECE_MAX, type DownloadCommand, type DownloadEvent, type StreamRef } from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

/** What one stream still has to bring. */
interface Wanted {
  piece: number;
  /** The first piece after its last one. */
  readonly end: number;
  /** Offset in its last piece at which it ends. */
  readonly endOffset: number;
}

interface Requests {
  readonly streams: Map<StreamRef, Wanted>;
  /** By piece: how many streams are to bring it. */
  readonly counts: Uint8Array;
}

/** Nothing is asked for that is stored, and nothing of more sources at a time than the end-game allows. */
export class RequestBound implements Checker {
  readonly name = "request-bound";
  readonly #requests = new ProcessState(
    ({ downloads }) => downloads,
    ({ disk }): Requests => ({ streams: new Map(), counts: new Uint8Array(disk.pieceCount) }),
  );

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    const requests = this.#requests.of(node);
    if (event.type === "chunkReceived") this.#received(node, requests, event);
    else if (event.type === "streamEnded" || event.type === "streamFailed") this.#over(requests, event.stream);
    for (const command of commands) {
      if (command.type === "cancelStream") this.#over(requests, command.stream);
      else if (command.type === "openStream") this.#opened(node, requests, command);
    }
  }

  #opened(node: SimulatedNode, { streams, counts }: Requests, command: Extract<DownloadCommand, { readonly type: "openStream" }>): void {
    const { stream, piece, pieceCount, offset, length } = command;
    const end = piece + pieceCount;
    streams.set(stream, { piece, end, endOffset: length > 0 ? offset + length : node.disk.pieceBytes(end - 1) });
    for (let wanted = piece; wanted < end; wanted += 1) {
      counts[wanted]! += 1;
      if (node.disk.stored.has(wanted)) throw new CheckFailed(this.name, node, `piece ${wanted} is stored and asked for again`);
      if (counts[wanted]! > COPIES_OF_PIECE_MAX) throw new CheckFailed(this.name, node, `piece ${wanted} is asked of ${counts[wanted]} sources at a time`);
    }
  }

  #received(node: SimulatedNode, { streams, counts }: Requests, event: Extract<DownloadEvent, { readonly type: "chunkReceived" }>): void {
    const wanted = streams.get(event.stream);
    if (wanted === undefined) return;
    const endOffset = event.piece === wanted.end - 1 ? wanted.endOffset : node.disk.pieceBytes(event.piece);
    if (event.offset + event.bytes < endOffset) return;
    counts[wanted.piece]! -= 1;
    wanted.piece += 1;
  }

  #over({ streams, counts }: Requests, ref: StreamRef): void {
    const wanted = streams.get(ref);
    if (wanted === undefined) return;
    for (let { piece } = wanted; piece < wanted.end; piece += 1) counts[piece]! -= 1;
    streams.delete(ref);
  }
}
