import { expect, test } from "vitest";
import { chooseSources, DEFAULT_TRACKER } from "./sources.js";
import { testId } from "./testing/fake-node.js";

const none = { trackers: [], peers: [] };
const link = { contentId: testId(1), trackers: ["t:1"], peers: ["p:1"] };

test("the default tracker is asked only if nothing else names a source", () => {
  expect(chooseSources(none)).toEqual({ trackers: [DEFAULT_TRACKER], peers: [] });
  expect(chooseSources(none, { ...link, trackers: [], peers: [] })).toEqual({ trackers: [DEFAULT_TRACKER], peers: [] });
  expect(chooseSources({ trackers: ["a:1"], peers: [] })).toEqual({ trackers: ["a:1"], peers: [] });
  expect(chooseSources({ trackers: [], peers: ["b:1"] })).toEqual({ trackers: [], peers: ["b:1"] });
  expect(chooseSources(none, { ...link, trackers: [] })).toEqual({ trackers: [], peers: ["p:1"] });
});

test("flags and link are joined", () => {
  expect(chooseSources({ trackers: ["a:1", "t:1"], peers: ["b:1"] }, link)).toEqual({ trackers: ["a:1", "t:1"], peers: ["b:1", "p:1"] });
});
