/** What a node does to others. */
export type Behaviour =
  | "honest"
  /** Takes and never serves. */
  | "rides-free"
  /** Says that it holds everything, and sends wrong bytes. */
  | "poisons"
  /** Says that it holds everything, and refuses every piece as not offered. */
  | "lies"
  /** Says that it holds everything, grants slots and sends nothing. */
  | "stalls"
  /** Says that it holds everything, and is busy whenever it is asked. */
  | "always-busy";

/** It says that it holds everything, does not download, and is not waited for. */
export const isHostile = (behaviour: Behaviour): boolean => behaviour !== "honest" && behaviour !== "rides-free";
