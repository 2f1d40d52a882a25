// Control characters, direction marks and line separators can rewrite what a terminal shows.
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** Makes text from the network safe for a terminal: control and direction characters become `\u{hex}`. */
export const displayText = (text: string): string => text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
