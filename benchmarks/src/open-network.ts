import { openLoopback } from "./measure/loopback.js";
import { openLoopbackNamespace, openShapedNetwork } from "./measure/namespace-network.js";
import type { Namespaces } from "./measure/namespaces.js";
import type { Network } from "./measure/network.js";
import type { NetworkPlan } from "./workloads/workload.js";

/** What there is to make networks of. */
export interface NetworkMeans {
  /** Undefined where there can be none. */
  readonly namespaces: Namespaces | undefined;
  /** Undefined if it is not installed. */
  readonly python: string | undefined;
}

/** How a network is made: of this machine's own loopback, of namespaces, or of these and our own delay line. */
export type NetworkKind = "loopback" | "namespaces" | "delay-line";

/** Undefined if the network cannot be had. */
export function networkKind({ shape }: NetworkPlan, { namespaces, python }: NetworkMeans): NetworkKind | undefined {
  if (namespaces === undefined) return shape === undefined ? "loopback" : undefined;
  if (shape === undefined || shape.delayMs === 0 || namespaces.hasNetem) return "namespaces";
  return python === undefined ? undefined : "delay-line";
}

/** A new one for every measurement. */
export async function openNetwork({ hostCount, shape }: NetworkPlan, { namespaces }: NetworkMeans): Promise<Network> {
  if (namespaces === undefined) return openLoopback(hostCount);
  return shape === undefined ? openLoopbackNamespace(namespaces, hostCount) : openShapedNetwork(namespaces, hostCount, shape);
}
