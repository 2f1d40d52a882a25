import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";

const FEW_CORES = 2;

// V8 marks garbage on threads beside the program, which on few cores takes them from hashing, gRPC and the disk: on two cores a transfer
// is faster by a third when it marks in one go instead. The heap is small, so that such a pause is short. `--single-threaded-gc` would do
// the same, but set while the process runs it makes V8 abort at a later collection. NODE_OPTIONS refuses these flags, so it is done here,
// first of all.
if (availableParallelism() <= FEW_CORES) setFlagsFromString("--no-incremental-marking");
