import { ERROR_CODES, type ErrorCode } from "@piecewise/base";
import { expect, test } from "vitest";
import { reactionTo } from "./peer-failure.js";

test("every code has its reaction", () => {
  const byReaction: Record<string, string[]> = {};
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) (byReaction[reactionTo(code)] ??= []).push(code);
  expect(byReaction).toMatchObject({
    waitForIt: ["TOO_SLOW", "TRACKER_FULL", "BUSY"].toSorted((a, b) => Object.keys(ERROR_CODES).indexOf(a) - Object.keys(ERROR_CODES).indexOf(b)),
    letGo: ["GOING_AWAY"],
  });
  expect(byReaction["redial"]).toEqual(expect.arrayContaining(["PEER_UNREACHABLE", "TIMED_OUT", "CONTENT_NOT_FOUND"]));
  expect(byReaction["giveUp"]).toEqual(expect.arrayContaining(["OWN_PEER", "PROTOCOL_VIOLATION", "PIECE_OUT_OF_RANGE", "INVALID_ARGUMENT"]));
  expect(byReaction["askForOther"]).toEqual(expect.arrayContaining(["NOT_OFFERED", "PIECE_DAMAGED"]));
});
