import { describe, expect, test } from "vitest";
import { FILE_LINES_MAX, styleViolations } from "./style.js";
import { readSources } from "./workspace.js";

test("every file looks like the others", () => {
  const files = ["libs", "apps", "e2e", "benchmarks", "checks", "scripts", "proto"].flatMap(readSources);
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(styleViolations)).toEqual([]);
});

const violationsOf = (path: string, text = ""): string[] => styleViolations({ path, text });

describe("the check itself", () => {
  test.each(["libs/base/src/peer-ledger.ts", "libs/base/src/a1.property.test.ts", "e2e/share.e2e.test.ts", "proto/piecewise/v1/swarm_peer.proto"])(
    "allows %s",
    (path) => {
      expect(violationsOf(path)).toEqual([]);
    },
  );

  test.each(["libs/base/src/peerLedger.ts", "libs/base/src/peer_ledger.ts", "libs/Base/src/peer.ts", "libs/base/src/utils.ts", "libs/base/src/peer-manager.ts"])(
    "finds %s",
    (path) => {
      expect(violationsOf(path)).toHaveLength(1);
    },
  );

  test.each([
    `// ${"TO"}DO: later`,
    `// ${"FIX"}ME`,
    `// @ts-${"expect"}-error`,
    `/* eslint-${"disable"} */`,
    `// oxlint-${"disable"}-next-line`,
    "line\n".repeat(FILE_LINES_MAX + 1),
  ])("finds %j", (text) => {
    expect(violationsOf("libs/base/src/a.ts", text)).toHaveLength(1);
  });

  test("lets tests be long", () => {
    expect(violationsOf("libs/base/src/a.test.ts", "line\n".repeat(FILE_LINES_MAX + 1))).toEqual([]);
  });
});
