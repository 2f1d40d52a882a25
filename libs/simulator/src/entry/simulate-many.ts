import { randomInt } from "node:crypto";
import { simulateMany } from "../simulate-many.js";

process.exitCode = simulateMany(
  process.argv.slice(2),
  () => randomInt(2 ** 32),
  () => performance.now(),
);
