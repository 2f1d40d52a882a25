import type { Simulation } from "../simulation.js";

/** From whom a piece came. */
export type Origin = "first seed" | "other seeds" | "peers" | "nobody knows";

export const ORIGINS: readonly Origin[] = ["first seed", "other seeds", "peers", "nobody knows"];

/** In red, green and blue. */
export const COLOUR_OF: Readonly<Record<Origin, readonly [number, number, number]>> = {
  "first seed": [200, 68, 47],
  "other seeds": [227, 155, 45],
  peers: [63, 127, 191],
  "nobody knows": [153, 153, 153],
};

/** @param from index of a node; -1 if nobody knows. */
export function originOf({ nodes }: Simulation, from: number): Origin {
  if (from === 0) return "first seed";
  if (from < 0) return "nobody knows";
  return nodes[from]!.setup.isSeed ? "other seeds" : "peers";
}

export const cssColour = ([red, green, blue]: readonly [number, number, number], opacity = 1): string => `rgb(${red} ${green} ${blue} / ${opacity.toFixed(2)})`;
