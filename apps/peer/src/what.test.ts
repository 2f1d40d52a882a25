import { expect, test } from "vitest";
import { testId } from "./testing/fake-node.js";
import { parseWhat } from "./what.js";

const id = testId(0x0f);

test("a link, an id, the beginning of one and a name are told apart", () => {
  expect(parseWhat(id)).toEqual({ kind: "contentId", contentId: id });
  expect(parseWhat(id.slice(0, 15))).toEqual({ kind: "idPrefix", idPrefix: "sha256:0f0f0f0f" });
  expect(parseWhat(`piecewise:${id}?name=a%20b&peer=h:1`)).toEqual({
    kind: "link",
    link: { contentId: id, name: "a b", trackers: [], peers: ["h:1"] },
  });
  for (const name of ["film.mkv", "-dash", "sha256", "một phim 🎬"]) expect(parseWhat(name)).toEqual({ kind: "name", name });
});

test.each(["sha256:0f0f0f0", "sha256:", `${id}0`, "sha256:0F0F0F0F"])("%s is only nearly an id", (text) => {
  expect(() => parseWhat(text)).toThrow("is not a content id");
});

test("half a link and nothing at all are refused", () => {
  expect(() => parseWhat(`piecewise:${id.slice(0, 40)}`)).toThrow("cut off");
  expect(() => parseWhat("")).toThrow("the name is empty");
});
