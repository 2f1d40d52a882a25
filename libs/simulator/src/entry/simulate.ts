import { simulate } from "../simulate.js";

process.exitCode = simulate(process.argv.slice(2));
