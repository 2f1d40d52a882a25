import { expect, test } from "vitest";
import { sentPayload, sumSent } from "./sent-payload.js";

test("headers are taken off, a set for each packet", () => {
  expect(sentPayload({ bytes: 10_000 + 3 * 66, packets: 5 }, { bytes: 0, packets: 2 })).toBe(10_000);
});

test("what one does not know, the sum does not know", () => {
  expect(sumSent([{ bytes: 1, packets: 2 }, { bytes: 3, packets: 4 }])).toEqual({ bytes: 4, packets: 6 });
  expect(sumSent([{ bytes: 1, packets: 2 }, undefined])).toBeUndefined();
  expect(sentPayload({ bytes: 1, packets: 2 }, undefined)).toBeUndefined();
});
