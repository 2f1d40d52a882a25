// npm test: installs and builds what is missing, then checks everything.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./test/all-checks.mjs");
