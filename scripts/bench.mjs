// npm run bench: installs and builds what is missing, then measures the tracker and the peer, and whatever else is installed.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./bench/measure.mjs");
