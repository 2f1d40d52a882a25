import { COPIES_OF_PIECE_MAX, type CopyRef, type DownloadCommand, type DownloadEvent, PieceCursor, piecesOf, type StreamRef } from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

/** What one stream still has to bring. */
interface Wanted {
  readonly left: PieceCursor;
  /** Of a part of one piece: where in it that ends. */
  readonly endOffset: number | undefined;
}

interface Requests {
  readonly streams: Map<StreamRef, Wanted>;
  /** By piece: how many streams are to bring it. */
  readonly counts: Uint8Array;
  /** By piece: copies that are there whole and neither stored nor rejected nor given up. */
  readonly whole: Map<number, Set<CopyRef>>;
}

/** Nothing is asked for that is there already, and nothing of more sources at a time than the end-game allows. */
export class RequestBound implements Checker {
  readonly name = "request-bound";
  readonly #requests = new ProcessState(
    ({ downloads }) => downloads,
    ({ disk }): Requests => ({ streams: new Map(), counts: new Uint8Array(disk.pieceCount), whole: new Map() }),
  );

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    const requests = this.#requests.of(node);
    if (event.type === "chunkReceived") this.#received(node, requests, event);
    else if (event.type === "streamEnded" || event.type === "streamFailed") this.#over(requests, event.stream);
    else if (event.type === "pieceRejected") requests.whole.get(event.piece)?.delete(event.copy);
    else if (event.type === "pieceStored") requests.whole.delete(event.piece);
    for (const command of commands) {
      if (command.type === "cancelStream") this.#over(requests, command.stream);
      else if (command.type === "openStream") this.#opened(node, requests, command);
      else if (command.type === "verifyPiece") requests.whole.set(command.piece, (requests.whole.get(command.piece) ?? new Set<CopyRef>()).add(command.copy));
      else if (command.type === "discardCopy") requests.whole.get(command.piece)?.delete(command.copy);
    }
  }

  #opened(node: SimulatedNode, { streams, counts, whole }: Requests, command: Extract<DownloadCommand, { readonly type: "openStream" }>): void {
    const { stream, runs, offset, length } = command;
    streams.set(stream, { left: new PieceCursor(runs), endOffset: length > 0 ? offset + length : undefined });
    for (const wanted of piecesOf(runs)) {
      counts[wanted]! += 1;
      if (node.disk.stored.has(wanted)) throw new CheckFailed(this.name, node, `piece ${wanted} is stored and asked for again`);
      if ((whole.get(wanted)?.size ?? 0) > 0) throw new CheckFailed(this.name, node, `piece ${wanted} is there, to be checked or stored, and asked for again`);
      if (counts[wanted]! > COPIES_OF_PIECE_MAX) throw new CheckFailed(this.name, node, `piece ${wanted} is asked of ${counts[wanted]} sources at a time`);
    }
  }

  #received(node: SimulatedNode, { streams, counts }: Requests, event: Extract<DownloadEvent, { readonly type: "chunkReceived" }>): void {
    const wanted = streams.get(event.stream);
    if (wanted === undefined) return;
    if (event.offset + event.bytes < (wanted.endOffset ?? node.disk.pieceBytes(event.piece))) return;
    counts[wanted.left.piece]! -= 1;
    wanted.left.next();
  }

  #over({ streams, counts }: Requests, ref: StreamRef): void {
    const wanted = streams.get(ref);
    if (wanted === undefined) return;
    for (const piece of wanted.left.rest()) counts[piece]! -= 1;
    streams.delete(ref);
  }
}
