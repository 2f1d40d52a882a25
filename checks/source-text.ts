// A string, a template, a regular expression where one may stand, or a comment: whichever begins first swallows what looks like another.
const TOKENS =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=[=(,:;!&|?{}[\n]\s*|return\s+)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

const isComment = (token: string): boolean => token.startsWith("//") || token.startsWith("/*");
const blank = (token: string): string => token.replace(/[^\n]/g, " ");

/** The text with comments blanked; lines stay where they are. */
export const withoutComments = (text: string): string => text.replace(TOKENS, (token) => (isComment(token) ? blank(token) : token));

/** The text with comments, strings and regular expressions blanked. Templates stay, for there may be code in them. */
export const codeOnly = (text: string): string => text.replace(TOKENS, (token) => (token.startsWith("`") ? token : blank(token)));

const IMPORTS =
  /\b(?:import|export)\b(?:[^"'`;()=]*?\bfrom\b)?\s*["']([\w@./:-]+)["']|\b(?:import|require|mock)\(\s*["']([\w@./:-]+)["']/g;

/** What a module imports or re-exports, types and dynamic imports included. */
export const importsOf = (text: string): string[] => [...withoutComments(text).matchAll(IMPORTS)].map((match) => match[1] ?? match[2]!);

/** `file:line`, for messages that a terminal makes clickable. */
export const place = (path: string, text: string, index: number): string => `${path}:${text.slice(0, index).split("\n").length}`;
