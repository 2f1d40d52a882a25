import { describe, expect, test } from "vitest";
import { boundaryViolations } from "./boundaries.js";
import { readProjects, type Project } from "./workspace.js";

test("imports go only where they may", () => {
  const projects = readProjects();
  expect(projects.length).toBeGreaterThan(9);
  expect(boundaryViolations(projects)).toEqual([]);
});

/** A project that declares everything, with one file. */
const sample = (name: string, tags: string[], text: string, more: Partial<Project> = {}): Project => ({
  name: `@piecewise/${name}`,
  folder: `libs/${name}`,
  tags,
  dependencies: ["@piecewise/base", "@piecewise/brain", "@piecewise/disk", "@piecewise/far", "declared"],
  exports: [".", "./testing"],
  tsconfig: { extends: "../../tsconfig.pure.json", references: ["../base", "../brain", "../disk", "../far"] },
  files: [{ path: `libs/${name}/src/${name}.ts`, text }],
  ...more,
});

describe("the check itself", () => {
  const others = [
    sample("base", ["layer:base"], ""),
    sample("disk", ["layer:io", "scope:peer"], ""),
    sample("far", ["layer:core", "scope:tracker"], ""),
  ];
  const violationsOf = (text: string, more: Partial<Project> = {}): string[] =>
    boundaryViolations([...others, sample("brain", ["layer:core", "scope:peer"], text, more)]);

  test.each([
    'import "@piecewise/base";',
    'import type { A } from "./a.js"; import b from "declared/b"; import c from "node:fs";',
    'import "@piecewise/brain/testing";',
  ])("allows %s", (text) => {
    expect(violationsOf(text, { files: [{ path: "libs/brain/src/a.test.ts", text }] })).toEqual([]);
  });

  test.each([
    ['import type { A } from "@piecewise/disk";', "layer core may not import layer io"],
    ['export * from "@piecewise/far";', "scope peer may not import scope tracker"],
    ['import "@piecewise/base/src/errors.js";', "past what"],
    ['import "@piecewise/nothing";', "no project"],
    ['import "@piecewise/base/testing";', "for tests alone"],
    ['import "../../base/src/errors.js";', "outside its project"],
    ['import "./errors";', "without the ending"],
    ['import "undeclared";', "does not declare"],
    ['import "@grpc/grpc-js";', "only libs/rpc may"],
    ['import "vitest";', "does not declare"],
  ])("finds %s", (text, what) => {
    expect(violationsOf(text).join("\n")).toContain(what);
  });

  test("finds what is not declared", () => {
    const more = { dependencies: [], tsconfig: { extends: "../../tsconfig.base.json", references: [] } };
    expect(violationsOf('import "@piecewise/base";', more)).toEqual([
      "libs/brain/tsconfig.json: must extend tsconfig.pure.json",
      "libs/brain/src/brain.ts: imports @piecewise/base, which package.json does not declare",
      "libs/brain/src/brain.ts: imports @piecewise/base, to which tsconfig.json does not refer",
    ]);
    expect(violationsOf("", { tags: [] })).toEqual(["libs/brain/package.json: has no layer tag"]);
  });
});
