import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";

const FEW_CORES = 2;

// The threads on which V8 collects garbage beside the program take the cores that hashing, gRPC and the disk need: on two cores a
// transfer is faster by a third without them. Where cores are idle the helpers are worth having. V8 reads the flag when a collection
// begins, and refuses it in NODE_OPTIONS; so it is set here, first of all.
if (availableParallelism() <= FEW_CORES) setFlagsFromString("--single-threaded-gc");
