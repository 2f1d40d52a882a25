// npm run simulate:many: builds what is missing, then runs all scenarios with random seeds.
import "./require-node.mjs";

// Loaded afterwards, for an old version of Node may not be able to parse it.
import("./simulate/run.mjs").then(({ run }) => run("simulate-many"));
