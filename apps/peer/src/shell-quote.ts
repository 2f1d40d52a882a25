/** Puts a text into single quotes, so that a POSIX shell takes it as one word and leaves every character alone. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
