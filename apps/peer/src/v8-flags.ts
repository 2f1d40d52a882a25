import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";

const FEW_CORES = 2;

/**
 * What V8 does on threads beside the program it takes, on few cores, from hashing, gRPC and the disk. NODE_OPTIONS refuses these flags, so
 * they are set here; benchmarks/README.md has the figures. To be called when everything is loaded: with other flags than it was built with,
 * Node compiles its own modules from their source, instead of taking what it has of them.
 */
export function setV8Flags(): void {
  if (availableParallelism() > FEW_CORES) return;
  // The heap is small, so that it is marked in one go in a short pause. `--single-threaded-gc` would do the same, but set while the process
  // runs it makes V8 abort at a later collection.
  setFlagsFromString("--no-incremental-marking");
  // V8 begins with so little room for what is new that most of a short download is spent on moving what survives.
  setFlagsFromString("--min-semi-space-size=8");
  // Most functions run for too short a time to pay for being optimized: only those are that run about six times as long as usual.
  if (major(process.versions.node) < 24) setFlagsFromString("--interrupt-budget=400000");
}

function major(version: string): number {
  return Number.parseInt(version, 10);
}
