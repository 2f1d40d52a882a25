import { type DownloadPolicies, SHIPPING_POLICIES } from "@piecewise/piece-engine";

/** The choices of all brains of a swarm. */
export interface SwarmPolicies extends DownloadPolicies {
  /** Seeds deal their pieces out among their callers instead of showing all of them to everybody. */
  readonly seedsDeal: boolean;
}

/** Of the brains that ship. */
export const SHIPPING_SWARM: SwarmPolicies = { ...SHIPPING_POLICIES, seedsDeal: true };
