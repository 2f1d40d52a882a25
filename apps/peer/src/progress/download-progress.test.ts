import { expect, test } from "vitest";
import { MESSAGES } from "../messages.js";
import { testProgress } from "../testing/fake-node.js";
import { downloadEvent, downloadLine } from "./download-progress.js";
import { formatPlainLine } from "./line.js";

const textOf = (facts: Parameters<typeof testProgress>[0], language: "en" | "vi" = "en") =>
  formatPlainLine(downloadLine(testProgress(facts), MESSAGES[language]));

test("every phase in words", () => {
  expect(textOf({})).toBe("downloading  50%  1.5 MiB of 3 MiB  1 MiB/s  ETA 2s  2 peers");
  expect(textOf({ etaMs: undefined, connectedPeers: 1 })).toBe("downloading  50%  1.5 MiB of 3 MiB  1 MiB/s  ETA --  1 peer");
  expect(textOf({ phase: "finding-peers", totalBytes: 0, verifiedBytes: 0 })).toBe("looking for peers");
  expect(textOf({ phase: "checking" })).toBe("checking what is there  50%  1.5 MiB of 3 MiB");
  expect(textOf({}, "vi")).toBe("đang tải  50%  1.5 MiB trên 3 MiB  1 MiB/giây  còn 2s  2 peer");
});

test("the event has an ETA only if there is one", () => {
  expect(downloadEvent(testProgress({ etaMs: undefined })).event).toBe("progress");
  expect(downloadEvent(testProgress({ etaMs: undefined }))).toMatchObject({ etaMs: null });
  expect(downloadEvent(testProgress({ etaMs: 1_499.6 }))).toMatchObject({ etaMs: 1_500 });
});
