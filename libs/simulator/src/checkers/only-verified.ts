import { Bitfield } from "@piecewise/base";
import type { DownloadCommand, DownloadEvent, PieceRange, RequestRef, UploadCommand, UploadEvent } from "@piecewise/piece-engine";
import { isHostile } from "../node/behaviour.js";
import type { SimulatedNode } from "../node/simulated-node.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

type Arrived = Extract<UploadEvent, { readonly type: "requestArrived" }>;

/** Only pieces that passed their hash are stored, and only stored pieces are offered or served. */
export class OnlyVerified implements Checker {
  readonly name = "only-verified";
  /** Requests that wait for a slot. */
  readonly #waiting = new ProcessState(
    ({ uploads }) => uploads,
    () => new Map<RequestRef, Arrived>(),
  );

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    for (const command of commands) {
      if (command.type !== "storePiece") continue;
      const isAnswer = event.type === "pieceVerified" && event.piece === command.piece && event.copy === command.copy;
      if (!isAnswer) throw new CheckFailed(this.name, node, `piece ${command.piece} is stored and was not verified`);
    }
  }

  upload(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void {
    // Who lies says that it holds what it does not hold: that is its nature.
    if (isHostile(node.setup.behaviour)) return;
    if (event.type === "requestArrived") this.#waiting.of(node).set(event.request, event);
    if (event.type === "requestEnded") this.#waiting.of(node).delete(event.request);
    for (const command of commands) this.#check(node, command);
  }

  #check(node: SimulatedNode, command: UploadCommand): void {
    if (command.type === "grant") {
      const request = this.#waiting.of(node).get(command.request);
      if (request === undefined) throw new CheckFailed(this.name, node, "a request is granted that is not there");
      for (const run of request.runs) this.#expectStored(node, run, "served");
      this.#waiting.of(node).delete(command.request);
    } else if (command.type === "refuse") {
      this.#waiting.of(node).delete(command.request);
    } else if (command.type === "offerNews") {
      for (const range of command.added) this.#expectStored(node, range, "offered");
    } else if (command.type === "offerFirst") {
      const offered = Bitfield.fromBytes(node.disk.pieceCount, command.offered);
      if (offered === undefined) throw new CheckFailed(this.name, node, "an offer has another number of pieces");
      for (const piece of offered.indices()) this.#expectStored(node, { first: piece, count: 1 }, "offered");
    }
  }

  #expectStored(node: SimulatedNode, { first, count }: PieceRange, what: string): void {
    for (let piece = first; piece < first + count; piece += 1) {
      if (!node.disk.stored.has(piece)) throw new CheckFailed(this.name, node, `piece ${piece} is ${what} and not stored`);
    }
  }
}
