import type { SimulatedNode } from "../node/simulated-node.js";

/** What a checker knows of one process of each node; it begins anew when the node is started again. */
export class ProcessState<Process extends object, State> {
  readonly #entries: { readonly process: Process; readonly state: State }[] = [];

  constructor(
    private readonly processOf: (node: SimulatedNode) => Process | undefined,
    private readonly create: (node: SimulatedNode) => State,
  ) {}

  of(node: SimulatedNode): State {
    const entry = this.#entries[node.index];
    const process = this.processOf(node)!;
    if (entry !== undefined && entry.process === process) return entry.state;
    const state = this.create(node);
    this.#entries[node.index] = { process, state };
    return state;
  }
}
