import type { Checker } from "./checker.js";
import { Conservation } from "./conservation.js";
import { DownloadLimits } from "./download-limits.js";
import { JustBans } from "./just-bans.js";
import { OnlyVerified } from "./only-verified.js";
import { Progress } from "./progress.js";
import { RequestBound } from "./request-bound.js";
import { UploadLimits } from "./upload-limits.js";

export { type Checker, CheckFailed } from "./checker.js";

/** One of each, for one run. */
export const createCheckers = (): readonly Checker[] => [
  new OnlyVerified(),
  new RequestBound(),
  new DownloadLimits(),
  new UploadLimits(),
  new Progress(),
  new Conservation(),
  new JustBans(),
];
