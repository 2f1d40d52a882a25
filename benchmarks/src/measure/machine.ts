import { cpus, release, totalmem, type } from "node:os";
import { GIB } from "@piecewise/base";

/** What the figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
}

export const describeMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
  cores: cpus().length,
  memoryGib: Math.round(totalmem() / GIB),
  kernel: `${type()} ${release()}`,
  node: process.versions.node,
});
