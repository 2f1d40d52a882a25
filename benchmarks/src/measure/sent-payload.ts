import type { Sent } from "./network.js";

/** Ethernet, IPv4, TCP and its time stamps. */
const HEADER_BYTES = 66;

/** What two counts of an interface differ by, without headers of TCP and below; undefined if one of them is. */
export function sentPayload(after: Sent | undefined, before: Sent | undefined): number | undefined {
  return after && before && after.bytes - before.bytes - (after.packets - before.packets) * HEADER_BYTES;
}

/** Undefined if one of them is. */
export function sumSent(all: readonly (Sent | undefined)[]): Sent | undefined {
  return all.reduce<Sent | undefined>(
    (total, sent) => total && sent && { bytes: total.bytes + sent.bytes, packets: total.packets + sent.packets },
    { bytes: 0, packets: 0 },
  );
}
