import { expect, test } from "vitest";
import { fillMessage, LANGUAGES, languageOfLocale, MESSAGES, type MessageKey } from "./messages.js";

const keys = Object.keys(MESSAGES.en) as MessageKey[];
const placesOf = (message: string) => (message.match(/\{\w+\}/g) ?? []).toSorted();

test.each(LANGUAGES)("every message exists in %s, with the same places to fill", (language) => {
  expect(Object.keys(MESSAGES[language]).toSorted()).toEqual(keys.toSorted());
  for (const key of keys) {
    expect(MESSAGES[language][key], key).not.toBe("");
    expect(placesOf(MESSAGES[language][key]), key).toEqual(placesOf(MESSAGES.en[key]));
  }
});

test("places are filled with values, also with ones that look like places", () => {
  expect(fillMessage("{a} and {b}", { a: "{b}", b: 2 })).toBe("{b} and 2");
});

test.each([
  [{ LANG: "vi_VN.UTF-8" }, "vi"],
  [{ LANG: "vi" }, "vi"],
  [{ LANG: "en_US.UTF-8", LC_ALL: "vi_VN" }, "vi"],
  [{ LANG: "vi_VN", LC_MESSAGES: "C" }, "en"],
  [{ LANG: "vi_VN", LC_ALL: "", LC_MESSAGES: "" }, "vi"],
  [{ LANG: "vic" }, "en"],
  [{}, "en"],
])("the language of %j is %s", (env, language) => {
  expect(languageOfLocale(env)).toBe(language);
});
