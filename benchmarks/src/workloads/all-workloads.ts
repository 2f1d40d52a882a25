import { GIB, MIB } from "@piecewise/base";
import { createOneToOne } from "./w1-one-to-one.js";
import { createManyToOne } from "./w2-many-to-one.js";
import { createMemory } from "./memory.js";
import { createLongWay } from "./w10-long-way.js";
import { createOneToMany } from "./w3-one-to-many.js";
import { createLimitedUplinks } from "./w3cap-limited-uplinks.js";
import { createSeedersKilled } from "./w4-seeders-killed.js";
import { createFetcherKilled } from "./w5-fetcher-killed.js";
import { createWrongBytes } from "./w6cap-wrong-bytes.js";
import { createSmallFiles } from "./w7-small-files.js";
import { createOneMebibyte } from "./w9-one-mebibyte.js";
import type { Workload } from "./workload.js";

/** All workloads, with `1 / divisor` of the data: 1, but for trials. */
export const allWorkloads = (divisor: number): readonly Workload[] => [
  createOneToOne(GIB / divisor),
  createManyToOne(GIB / divisor),
  createOneToMany((256 * MIB) / divisor),
  createLimitedUplinks((256 * MIB) / divisor),
  createSeedersKilled(GIB / divisor),
  createFetcherKilled(GIB / divisor),
  createWrongBytes((256 * MIB) / divisor),
  createSmallFiles(Math.ceil(2_000 / divisor)),
  createOneMebibyte(),
  createLongWay(GIB / divisor),
  createMemory((16 * GIB) / divisor),
];
