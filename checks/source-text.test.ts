import { describe, expect, test } from "vitest";
import { codeOnly, importsOf, withoutComments } from "./source-text.js";

describe("importsOf", () => {
  test("finds every form of import", () => {
    const text = `
      import "a";
      import b from "b";
      import { c1,
        c2 } from 'c';
      import type { D } from "d";
      import * as e from "e";
      export { f } from "f";
      export type * from "g";
      const h = await import("h");
      let i: import("i").I;
      const j = require("j");
      export default "not an import".length;
      export const k = { from: "k" };
    `;
    expect(importsOf(text).filter((specifier) => specifier.length === 1)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
  });

  test("does not take comments for imports", () => {
    expect(importsOf('// import "a";\n/* import "b"; */\n/** import("c") */ import "d";')).toEqual(["d"]);
  });
});

describe("comments", () => {
  test("are blanked, and what only looks like one is not", () => {
    const text = 'const a = "// no"; // yes\nconst b = /["\'/*]/; /* yes\n yes */ const c = `// no`;\nreturn /\\/\\/ no/.test(d) / 2; // yes';
    const bare = withoutComments(text);
    expect(bare).not.toContain("yes");
    expect(bare.match(/no/g)).toHaveLength(3);
    expect(bare).toHaveLength(text.length);
  });

  test("and strings are no code", () => {
    expect(codeOnly('f("await", /await/, `${await g()}`); // await').match(/await/g)).toHaveLength(1);
  });
});
