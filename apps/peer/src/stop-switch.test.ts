import { expect, test } from "vitest";
import { createStopSwitch, whenStopped } from "./stop-switch.js";

test("the first request stops, the second exits at once", async () => {
  let exits = 0;
  const stop = createStopSwitch(() => (exits += 1));
  const stopped = whenStopped(stop.signal);
  stop.request();
  await stopped;
  await whenStopped(stop.signal);
  expect(exits).toBe(0);
  stop.request();
  expect(exits).toBe(1);
});
