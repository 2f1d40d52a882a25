import { codeOnly, importsOf, place } from "./source-text.js";
import type { SourceFile } from "./workspace.js";

// What the compiler lets pure code use although it reads a clock, draws random numbers or waits.
const IMPURE = /\bDate\b|\bMath\.random\b|\basync\b|\bawait\b|\bPromise\b|\bglobalThis\b|\bsetTimeout\b|\bsetInterval\b|\bperformance\b/g;

/** Everything in which a source file of a pure project touches the world, one line each. */
export function purityViolations({ path, text }: SourceFile): string[] {
  const code = codeOnly(text);
  const uses = [...code.matchAll(IMPURE)].map((match) => `${place(path, code, match.index)}: uses ${match[0]}`);
  const imports = importsOf(text).filter((specifier) => specifier.startsWith("node:"));
  return [...uses, ...imports.map((specifier) => `${path}: imports ${specifier}`)];
}
