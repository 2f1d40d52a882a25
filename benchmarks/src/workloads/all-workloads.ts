import { createOneToOne } from "./w1-one-to-one.js";
import type { Workload } from "./workload.js";

const MIB = 1_048_576;

/** All workloads, with `1 / divisor` of the data: 1, but for trials. */
export const allWorkloads = (divisor: number): readonly Workload[] => [createOneToOne((1_024 * MIB) / divisor)];
