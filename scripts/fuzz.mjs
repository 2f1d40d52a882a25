// npm run test:fuzz: installs and builds what is missing, then tries the decoders for as long as it is told.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./fuzz/rounds.mjs");
