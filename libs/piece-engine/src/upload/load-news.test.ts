import { expect, test } from "vitest";
import { isLoadNews } from "./load-news.js";

const load = (slotsTaken: number, queueLength: number) => ({ slotsTaken, slotsMax: 4, queueLength });

test.each([
  ["the last slot is taken", load(3, 0), load(4, 0), true],
  ["one is free again", load(4, 0), load(3, 0), true],
  ["some are free, as before", load(0, 0), load(3, 0), false],
  ["a queue begins", load(4, 0), load(4, 15), false],
  ["it has grown", load(4, 0), load(4, 16), true],
  ["it is not twice as long", load(4, 16), load(4, 47), false],
  ["it is about twice as long", load(4, 16), load(4, 48), true],
  ["it is about half as long", load(4, 48), load(4, 16), true],
  ["nothing at all", load(4, 6), load(4, 6), false],
])("%s", (_name, told, now, isNews) => {
  expect(isLoadNews(told, now)).toBe(isNews);
});
