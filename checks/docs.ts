import { posix } from "node:path";

/** A text in Markdown; `path` is relative to the workspace. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

/** What the documents are held to. */
export interface World {
  /** Whether there is a file or folder of that path, relative to the workspace. */
  exists(path: string): boolean;
  /** The text of a document. */
  read(path: string): string;
  /** The names under "scripts" in package.json. */
  readonly scripts: readonly string[];
}

/** A block between lines of three backticks. */
export interface Fence {
  /** What stands behind the opening backticks, such as `bash`; empty for output. */
  readonly language: string;
  readonly text: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;
const LINK = /\[[^\]\n]*\]\(([^)\s]+)\)/g;
const INLINE_CODE = /`([^`\n]+)`/g;
const HEADING = /^(#{1,6}) (.+)$/gm;
const SCRIPT = /\bnpm run ([\w:-]+)/g;
// Folders and names as they stand in a path, with * for any. A method of gRPC has dots before its slash.
const PATH = /^(?:\.{1,2}\/)*[\w-]+\/(?:[\w.*-]+\/)*[\w.*-]*$|^[\w-]+(?:\.[\w-]+)*\.(?:md|ts|mjs|json|proto|py|binpb)$/;
/** What comes into being only when the project is used. */
const MADE_LATER = /^(?:node_modules|demo-output|dist|OUT)(?:\/|$)/;

export const fencesOf = (text: string): Fence[] => [...text.matchAll(FENCE)].map(([, language, body]) => ({ language: language!, text: body! }));

/** The text without its blocks, in which other rules hold. */
const proseOf = (text: string): string => text.replace(FENCE, "");

/** The level (1 for the title) and the text of every heading. */
export const headingsOf = (text: string): { readonly level: number; readonly title: string }[] =>
  [...proseOf(text).matchAll(HEADING)].map(([, marks, title]) => ({ level: marks!.length, title: title! }));

/** What a link to a heading ends with: lower case, no punctuation, "-" for spaces. */
const anchorOf = (title: string): string => title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");

const linksOf = (text: string): string[] => [...proseOf(text).matchAll(LINK)].map(([, target]) => target!);

/** The line between the header of a table and its rows. */
const isRule = (row: readonly string[] | undefined): boolean => row?.every((cell) => /^:?-+:?$/.test(cell)) === true;

/** The cells of every row of every table, headers left out. */
export function rowsOf(text: string): string[][] {
  const rows = [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row]) => row!.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return rows.filter((row, i) => !isRule(row) && !isRule(rows[i + 1]));
}

/** The texts in backticks. */
export const codesOf = (text: string): string[] => [...text.matchAll(INLINE_CODE)].map(([, code]) => code!);

/** Everything that a document names and that is not there, one line each. */
export const docViolations = (document: Document, world: World): string[] =>
  [...deadLinks(document, world), ...unknownScripts(document, world), ...missingPaths(document, world)].map((what) => `${document.path}: ${what}`);

function deadLinks({ path, text }: Document, { exists, read }: World): string[] {
  return linksOf(text).flatMap((target) => {
    if (/^https?:/.test(target)) return [];
    const [file, anchor] = target.split("#", 2);
    const linked = file === "" ? path : posix.join(posix.dirname(path), file!);
    if (!exists(linked)) return [`links to ${target}, which does not exist`];
    const isThere = anchor === undefined || headingsOf(read(linked)).some(({ title }) => anchorOf(title) === anchor);
    return isThere ? [] : [`links to ${target}, where no heading is called so`];
  });
}

const unknownScripts = ({ text }: Document, { scripts }: World): string[] =>
  [...text.matchAll(SCRIPT)].filter(([, name]) => !scripts.includes(name!)).map(([, name]) => `names npm run ${name}, which does not exist`);

/** Paths in backticks and in commands. They may start at the workspace or at the folder of the document. */
function missingPaths({ path, text }: Document, { exists }: World): string[] {
  const words = fencesOf(text).filter(({ language }) => language === "bash").flatMap((fence) => fence.text.split(/[\s='"]+/));
  const named = [...codesOf(proseOf(text)), ...words].filter((code) => PATH.test(code) && !MADE_LATER.test(code));
  const isThere = (code: string): boolean => {
    const folder = code.replace(/[^/]*\*.*$/, "");
    return [folder, posix.join(posix.dirname(path), folder)].some(exists);
  };
  return [...new Set(named)].filter((code) => !isThere(code)).map((code) => `names ${code}, which does not exist`);
}

/** What is wrong with a list of tests: files in backticks, each with the names of its tests behind it in quotes; a scenario is a file alone. */
export function missingTests(shownBy: string, { exists, read }: World): string[] {
  return shownBy.split(";").flatMap((part) => {
    const files = codesOf(part.replace(/"[^"]*"/g, ""));
    const names = [...part.matchAll(/"([^"]+)"/g)].map(([, name]) => name!);
    if (files.length === 0) return ["names nothing"];
    return files.flatMap((file) => {
      if (!exists(file)) return [`${file} does not exist`];
      if (file.endsWith(".test.ts") && names.length === 0) return [`names no test of ${file}`];
      return names.filter((name) => !read(file).includes(`"${name}"`)).map((name) => `${file} has no "${name}"`);
    });
  });
}

/** Where a document and its translation part: in headings, blocks, the first cells of tables, or links. One line each. */
export function translationViolations(original: Document, translation: Document): string[] {
  const aspects: Record<string, (text: string) => readonly string[]> = {
    heading: (text) => headingsOf(text).map(({ level }) => "#".repeat(level)),
    block: (text) => fencesOf(text).map((fence) => `\`\`\`${fence.language}\n${fence.text}`),
    row: (text) => rowsOf(text).map(([first]) => first!),
    link: (text) => linksOf(text).filter((target) => target !== original.path && target !== translation.path),
  };
  return Object.entries(aspects).flatMap(([aspect, of]) => {
    const [expected, actual] = [of(original.text), of(translation.text)];
    const length = Math.max(expected.length, actual.length);
    const at = Array.from({ length }, (_, i) => i).find((i) => expected[i] !== actual[i]);
    if (at === undefined) return [];
    return [`${translation.path}: ${aspect} ${at + 1} is ${actual[at] ?? "missing"} instead of ${expected[at] ?? "nothing"}`];
  });
}
