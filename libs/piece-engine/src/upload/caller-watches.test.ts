import { expect, test } from "vitest";
import { CALLER_WATCHES_MAX, CallerWatches } from "./caller-watches.js";

test("so many are watched at a time, and others when one is over", () => {
  const said: string[] = [];
  const watches = new CallerWatches((command) => void said.push("address" in command ? `${command.type} ${command.address}` : command.type));
  for (let i = 0; i < CALLER_WATCHES_MAX + 3; i += 1) watches.want("A", `a:${i}`);
  watches.want("A", "a:0");
  expect(said.splice(0)).toHaveLength(CALLER_WATCHES_MAX);
  watches.lost("A", "a:0");
  expect(said.splice(0)).toEqual([`watchCaller a:${CALLER_WATCHES_MAX}`]);
  // What ended by itself is not ended again, nor begun again.
  watches.drop("A", "a:0");
  expect(said).toEqual([]);
  watches.drop("A", "a:1");
  expect(said.splice(0)).toEqual(["unwatchCaller a:1", `watchCaller a:${CALLER_WATCHES_MAX + 1}`]);
});

test("nothing is watched of a content that is gone", () => {
  const said: string[] = [];
  const watches = new CallerWatches((command) => void said.push(command.type));
  watches.want("A", "a:1");
  watches.want("B", "b:1");
  watches.dropAll("A");
  expect(said).toEqual(["watchCaller", "watchCaller", "unwatchCaller"]);
});
