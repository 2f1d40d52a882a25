// npm run test:nodes            runs npm test on every version of Node that is supported
// npm run test:nodes -- 22 24   only on these
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./test/all-nodes.mjs");
