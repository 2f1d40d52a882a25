// npm run hostile: installs what is missing, then runs a peer, a tracker or a caller that does what it should not.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./hostile/run.mjs");
