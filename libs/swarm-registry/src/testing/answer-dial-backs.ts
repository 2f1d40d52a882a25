import type { SwarmRegistry } from "../registry.js";

/** Every peer that is dialled is where it says. */
export function answerDialBacks(registry: SwarmRegistry, nowMs: number): void {
  for (const { dialBackId, nonce, peerId } of registry.takeDialBacks(nowMs)) registry.dialBackEnded(dialBackId, { nonce, peerIds: [peerId] }, nowMs);
}
