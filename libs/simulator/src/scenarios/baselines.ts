import type { SwarmPolicies } from "../swarm-policies.js";
import { lastOf } from "../run-result.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

const atRandom: SwarmPolicies["rankOf"] = () => 1;
const inOrder: SwarmPolicies["rankOf"] = (piece) => piece + 1;

/** Each leaves out a choice of the brains that ship, or several, the last one all of them. */
const BASELINES: readonly { readonly label: string; readonly policies: Partial<SwarmPolicies> }[] = [
  { label: "random pick", policies: { rankOf: atRandom } },
  { label: "sequential", policies: { rankOf: inOrder } },
  { label: "no end-game", policies: { hasEndGame: false } },
  { label: "no offers", policies: { seedsDeal: false } },
  { label: "sequential, no offers", policies: { rankOf: inOrder, seedsDeal: false } },
  { label: "none of it", policies: { rankOf: atRandom, hasEndGame: false, seedsDeal: false } },
];

export const baselines: Scenario = {
  name: "baselines",
  summary: "the flash crowd of the brains that ship beside plainer ones, so that the gain of each choice is visible",
  run(laboratory) {
    const shipping = laboratory.run(crowd(laboratory, "what ships"));
    const plainer = BASELINES.map(({ label, policies }) => laboratory.run(crowd(laboratory, label, { policies })));
    const plain = plainer.at(-1)!;
    return [
      everyoneFinishes(shipping),
      { name: "last completion / that of none of it", actual: lastOf(shipping) / lastOf(plain), limit: 1 },
      { name: "first seed sent / that of none of it", actual: shipping.seedBytes / plain.seedBytes, limit: 1 },
    ];
  },
};
