/** What `--json` prints, one a line. Fields are added, never renamed. */
export type JsonEvent =
  | { readonly event: "listening"; readonly address: string }
  | { readonly event: "error"; readonly code: string; readonly message: string };

// JSON.stringify leaves these as they are, and a terminal may obey them.
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** Writes what JSON leaves raw as `\uXXXX`, which means the same to a program and nothing to a terminal. */
export const escapeJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`);

/** The line of an event, with its end. */
export const formatJsonEvent = (event: JsonEvent): string => `${escapeJson(JSON.stringify(event))}\n`;
