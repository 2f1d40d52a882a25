import type { Checker } from "./checker.js";
import { Conservation } from "./conservation.js";
import { JustBans } from "./just-bans.js";
import { Limits } from "./limits.js";
import { OnlyVerified } from "./only-verified.js";
import { Progress } from "./progress.js";
import { RequestBound } from "./request-bound.js";

export { type Checker, CheckFailed } from "./checker.js";

/** One of each, for one run. */
export const createCheckers = (): readonly Checker[] => [
  new OnlyVerified(),
  new RequestBound(),
  new Limits(),
  new Progress(),
  new Conservation(),
  new JustBans(),
];
