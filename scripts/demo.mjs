// npm run demo: installs and builds what is missing, then shows a file and a folder travel from three peers to a fourth.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./demo/show.mjs");
