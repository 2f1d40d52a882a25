import type { ErrorCode } from "@piecewise/base";
import type { Connections } from "./connections.js";
import type { Deadlines } from "./deadlines.js";
import type { PeerRef } from "./events.js";
import type { Source } from "./source.js";
import type { Turn } from "./turn.js";

/** After so long without the manifest another source is asked, if there may be one. */
const MANIFEST_TIMEOUT_MS = 15_000;

/** Gets the manifest: one source is asked at a time, another when it fails. */
export class ManifestFetch {
  #asked: { readonly source: Source; readonly sinceMs: number } | undefined;

  constructor(
    private readonly connections: Connections,
    private readonly deadlines: Deadlines,
    private readonly turn: Turn,
  ) {}

  /** At the end of each event, until it is there. */
  settle(): void {
    if (this.#asked !== undefined) return;
    let best: Source | undefined;
    for (const source of this.connections.sources) {
      if (source.isGoingAway) continue;
      if (source.pausedUntilMs > this.turn.nowMs) this.deadlines.setEarlier("manifest", source.pausedUntilMs);
      else if (best === undefined || source.failures < best.failures) best = source;
    }
    if (best === undefined) return;
    this.#asked = { source: best, sinceMs: this.turn.nowMs };
    this.turn.issue({ type: "fetchManifest", peer: best.peer.ref });
    this.deadlines.set("manifest", this.turn.nowMs + MANIFEST_TIMEOUT_MS);
  }

  failed(ref: PeerRef, code: ErrorCode, retryAfterMs?: number): void {
    const source = this.connections.sources.get(ref);
    if (source === undefined) return;
    if (this.#asked?.source === source) this.#asked = undefined;
    // What does not hash to the content id was never its manifest.
    if (code === "MANIFEST_INVALID") this.connections.ban(source.peer, "MANIFEST_INVALID");
    else this.connections.callFailed(source, code, retryAfterMs);
  }

  left(source: Source): void {
    if (this.#asked?.source === source) this.#asked = undefined;
  }

  /** The answer is late: the source makes room for another, unless it is the only one. */
  due(): void {
    if (this.#asked === undefined) return;
    const { source, sinceMs } = this.#asked;
    const lateAtMs = sinceMs + MANIFEST_TIMEOUT_MS;
    if (lateAtMs > this.turn.nowMs) this.deadlines.set("manifest", lateAtMs);
    else if (this.connections.hasOthers) this.connections.letGo(source.peer, "redial", "TIMED_OUT");
    else this.deadlines.set("manifest", this.turn.nowMs + MANIFEST_TIMEOUT_MS);
  }
}
