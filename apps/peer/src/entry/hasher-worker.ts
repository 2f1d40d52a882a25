// The thread that hashes and writes needs a file of its own beside the binary.
import "@piecewise/piece-store/hasher-worker";
