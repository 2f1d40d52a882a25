import { expect, test } from "vitest";
import { formatJsonEvent } from "./json-events.js";

test("an event is one line that says the same and moves no cursor", () => {
  const event = { event: "error", code: "X", message: "a\nb\u001b[2J\u009b1m\u202e\u2028 việt" } as const;
  const line = formatJsonEvent(event);
  expect(line).toBe('{"event":"error","code":"X","message":"a\\nb\\u001b[2J\\u009b1m\\u202e\\u2028 việt"}\n');
  expect(JSON.parse(line)).toEqual(event);
});
