// npm run simulate: builds what is missing, then runs one scenario on virtual time.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./simulate/run.mjs").then(({ run }) => run("simulate"));
