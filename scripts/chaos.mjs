// npm run test:chaos: installs and builds what is missing, then does faults to real processes for as long as it is told.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./chaos/rounds.mjs");
