import { withoutComments } from "./source-text.js";
import type { SourceFile } from "./workspace.js";

/** A named maximum: a constant, or a member of an object of limits. */
export interface Limit {
  /** `NAME`, or `NAME.member`. */
  readonly name: string;
  readonly path: string;
  /** As it stands in the source, white space normalized. */
  readonly value: string;
}

const CONSTANT = /^export const ((?:\w+_)?MAX(?:_\w+)?|\w+Max)\b[^=\n]*=\s*([^;]+);/gm;
const OBJECT = /^export const (\w+_LIMITS)\b[^=\n]*=\s*(?:Object\.freeze\()?\{([^}]*)\}/gm;
const MEMBER = /^\s*(\w+Max\w*|max[A-Z]\w*):\s*([^,\n]+),?\s*$/gm;

const normalized = (value: string): string => value.replace(/\s+/g, " ").trim();

/** Every exported maximum of a source file. */
export function limitsOf({ path, text }: SourceFile): Limit[] {
  const code = withoutComments(text);
  const constants = [...code.matchAll(CONSTANT)].map(([, name, value]) => ({ name: name!, path, value: normalized(value!) }));
  const members = [...code.matchAll(OBJECT)].flatMap(([, name, body]) =>
    [...body!.matchAll(MEMBER)].map(([, member, value]) => ({ name: `${name}.${member}`, path, value: normalized(value!) })),
  );
  return [...constants, ...members];
}

const ROW = /^\| `([\w.]+)` \| `([^`]+)` \| `([^`]+)` \| *(.*?) *\|$/gm;

/** Where a document of limits and the sources differ, one line each. A missing row is written out, so that it can be pasted. */
export function limitViolations(limits: readonly Limit[], document: string): string[] {
  const rows = [...document.matchAll(ROW)].map(([, name, value, path, effect]) => ({ name, value, path, effect }));
  const isAbout = (row: { name?: string | undefined; path?: string | undefined }, limit: Limit): boolean =>
    row.name === limit.name && row.path === limit.path;
  const missing = limits.filter((limit) => !rows.some((row) => isAbout(row, limit)));
  const wrong = limits.filter((limit) => rows.some((row) => isAbout(row, limit) && row.value !== limit.value));
  return [
    ...missing.map(({ name, value, path }) => `missing: | \`${name}\` | \`${value}\` | \`${path}\` | … |`),
    ...wrong.map(({ name, value, path }) => `wrong value: ${name} in ${path} is ${value}`),
    ...rows.filter((row) => !limits.some((limit) => isAbout(row, limit))).map(({ name, path }) => `no longer there: ${name} in ${path}`),
    ...rows.filter(({ effect }) => !/\w/.test(effect ?? "")).map(({ name }) => `does not say what happens: ${name}`),
  ];
}
