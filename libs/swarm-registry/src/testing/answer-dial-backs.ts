import type { DialBack } from "../registry-calls.js";
import type { SwarmRegistry } from "../registry.js";

/** Every peer that is dialled is where it says, or those that are reachable. */
export function answerDialBacks(registry: SwarmRegistry, nowMs: number, isReachable: (dialBack: DialBack) => boolean = () => true): void {
  for (const dialBack of registry.takeDialBacks(nowMs)) {
    const { dialBackId, nonce, peerId } = dialBack;
    registry.dialBackEnded(dialBackId, isReachable(dialBack) ? { nonce, peerIds: [peerId] } : undefined, nowMs);
  }
}
