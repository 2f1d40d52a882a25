import { expect, test } from "vitest";
import type { Namespaces } from "./measure/namespaces.js";
import { networkKind } from "./open-network.js";

const python = "/usr/bin/python3";
const [withNetem, withoutNetem] = [{ hasNetem: true } as Namespaces, { hasNetem: false } as Namespaces];
const plain = { hostCount: 2, shape: undefined };
const limited = { hostCount: 2, shape: { bytesPerSecond: 1, delayMs: 0 } };
const delayed = { hostCount: 2, shape: { bytesPerSecond: 1, delayMs: 25 } };

test.each([
  [plain, { namespaces: undefined, python }, "loopback"],
  [plain, { namespaces: withoutNetem, python: undefined }, "namespaces"],
  [limited, { namespaces: undefined, python }, undefined],
  [limited, { namespaces: withoutNetem, python: undefined }, "namespaces"],
  [delayed, { namespaces: undefined, python }, undefined],
  [delayed, { namespaces: withNetem, python: undefined }, "namespaces"],
  [delayed, { namespaces: withoutNetem, python }, "delay-line"],
  [delayed, { namespaces: withoutNetem, python: undefined }, undefined],
])("%j with %j: %s", (plan, means, kind) => {
  expect(networkKind(plan, means)).toBe(kind);
});
