import { BlockList } from "node:net";
import { deepStrictEqual, ok } from "node:assert/strict";
import { type PiecewiseError, UsageError } from "@piecewise/base";
import { fuzz, textFrom, textOf } from "@piecewise/base/testing";
import { FLAGS, type FlagField, type FlagValues, readFlags } from "./flags.js";

const FIELDS = Object.keys(FLAGS) as FlagField[];

function read(raw: Record<string, string>, env: Record<string, string>): FlagValues | PiecewiseError["code"] {
  try {
    return readFlags(raw, env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.code;
  }
}

fuzz({
  name: "the value of a flag of tracker",
  corpus: new URL("testdata/flag.corpus.json", import.meta.url),
  valid: textFrom(["127.0.0.1:50051", "0.0.0.0", ":0", "[::1]", ":1", "30", "0", ".5", "3600", "1e3", "-", "debug", "silent", "yes", "no", "10.0.0.0/8", "fd00::/8", ",", "1", " ", "é", "\n"], 4),
  check(input) {
    const text = textOf(input);
    for (const field of FIELDS) {
      const { name, variable } = FLAGS[field];
      const flags = read({ [name]: text }, {});
      // An empty variable is one that is not set.
      if (text !== "") deepStrictEqual(read({}, { [variable]: text }), flags);
      if (typeof flags === "string") continue;
      ok(Number.isSafeInteger(flags.leaseMs) && flags.leaseMs >= 0);
      for (const { address, family, prefixLength } of flags.trustedProxies) new BlockList().addSubnet(address, prefixLength, family);
      ok(flags.listen.port >= 0 && flags.listen.port <= 65_535);
    }
  },
});
