import type { ErrorCode } from "@piecewise/base";
import type { Connections } from "./connections.js";
import type { Deadlines } from "./deadlines.js";
import type { PeerRef } from "./events.js";
import type { Source } from "./source.js";
import type { Turn } from "./turn.js";

/** After so long without the manifest another source is asked as well: whoever is silent holds nobody up. */
const MANIFEST_HEDGE_MS = 1500;
/** Sources that are asked at a time: what they send is buffered before it can be checked. */
export const MANIFEST_SOURCES_MAX = 3;
/** After so long a source makes room for another, if there may be one. */
const MANIFEST_TIMEOUT_MS = 15_000;

/** Gets the manifest: one source is asked, another when it fails, and one more when it takes long. */
export class ManifestFetch {
  /** Since when each is being asked. */
  readonly #asked = new Map<Source, number>();
  #askAgainAtMs = 0;

  constructor(
    private readonly connections: Connections,
    private readonly deadlines: Deadlines,
    private readonly turn: Turn,
  ) {}

  /** At the end of each event, until it is there. */
  settle(): void {
    const { nowMs } = this.turn;
    if (this.#asked.size >= MANIFEST_SOURCES_MAX || (this.#asked.size > 0 && nowMs < this.#askAgainAtMs)) return;
    let best: Source | undefined;
    for (const source of this.connections.sources) {
      if (source.isGoingAway || this.#asked.has(source)) continue;
      if (source.pausedUntilMs > nowMs) this.deadlines.setEarlier("manifest", source.pausedUntilMs);
      else if (best === undefined || source.failures < best.failures) best = source;
    }
    if (best === undefined) return;
    this.#asked.set(best, nowMs);
    this.#askAgainAtMs = nowMs + MANIFEST_HEDGE_MS;
    this.turn.issue({ type: "fetchManifest", peer: best.peer.ref });
    this.deadlines.setEarlier("manifest", this.#askAgainAtMs);
  }

  failed(ref: PeerRef, code: ErrorCode, retryAfterMs?: number): void {
    const source = this.connections.sources.get(ref);
    if (source === undefined) return;
    this.#asked.delete(source);
    // What does not hash to the content id was never its manifest.
    if (code === "MANIFEST_INVALID") this.connections.ban(source.peer, "MANIFEST_INVALID");
    else this.connections.callFailed(source, code, retryAfterMs);
  }

  left(source: Source): void {
    this.#asked.delete(source);
  }

  /** Some answers may be late: those sources make room for others, unless there are none. */
  due(): void {
    const { nowMs } = this.turn;
    for (const [source, sinceMs] of this.#asked) {
      if (sinceMs + MANIFEST_TIMEOUT_MS > nowMs) this.deadlines.setEarlier("manifest", sinceMs + MANIFEST_TIMEOUT_MS);
      else if (this.connections.hasOthers) this.connections.letGo(source.peer, "redial", "TIMED_OUT");
      else this.#restart(source);
    }
  }

  #restart(source: Source): void {
    this.#asked.set(source, this.turn.nowMs);
    this.deadlines.setEarlier("manifest", this.turn.nowMs + MANIFEST_TIMEOUT_MS);
  }
}
