import { describe, expect, test } from "vitest";
import { createStreamWriter } from "./stream-writer.js";

/** A transport of which the test says when it has sent a message. */
function setUp() {
  const onSent: (() => void)[] = [];
  const writer = createStreamWriter<string>({ sendMetadata() {}, write: (_message, done) => onSent.push(done) > 0 });
  const happened: string[] = [];
  return { writer, happened, sendOne: () => onSent.shift()!() };
}

describe("stream writer", () => {
  test("has room before everything was sent", async () => {
    const { writer, happened, sendOne } = setUp();
    expect(writer.write("a")).toBe(true);
    expect(writer.write("b")).toBe(false);
    const drained = writer.drained().then(() => happened.push("drained"));
    const sent = writer.sent().then(() => happened.push("sent"));
    sendOne();
    await drained;
    expect(happened).toEqual(["drained"]);
    sendOne();
    await sent;
    expect(happened).toEqual(["drained", "sent"]);
  });

  test("has sent everything while there is nothing, and when the call is over", async () => {
    const { writer } = setUp();
    await expect(writer.sent()).resolves.toBeUndefined();
    writer.write("a");
    const sent = writer.sent();
    writer.end();
    await expect(sent).resolves.toBeUndefined();
    await expect(writer.sent()).resolves.toBeUndefined();
  });
});
