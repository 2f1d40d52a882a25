/**
 * Goals that the brains do not reach yet, some of them only in swarms as small as those of the tests. `npm run simulate` says so and fails;
 * the tests expect every other goal to be met, and each of these to be missed, so that it leaves this table as soon as it is reached.
 */
export const NOT_MET_YET: readonly { readonly scenario: string; readonly goal: string }[] = [
  { scenario: "flash-crowd", goal: "last completion / bound" },
  { scenario: "several-seeds", goal: "last completion / bound" },
  { scenario: "mixed-uplinks", goal: "last completion / bound" },
];

export const isKnownToBeMissed = (scenario: string, goal: string): boolean =>
  NOT_MET_YET.some((entry) => entry.scenario === scenario && entry.goal === goal);
