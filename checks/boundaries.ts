import { posix } from "node:path";
import { importsOf } from "./source-text.js";
import { isTestFile, type Project, type SourceFile } from "./workspace.js";

/** From which layers a layer may import. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  core: ["base", "core"],
  io: ["base", "core"],
  shell: ["base", "core", "io"],
  app: ["base", "core", "io", "shell"],
  testing: ["base", "core", "io", "shell", "testing"],
};

/** The only project that may import gRPC itself. */
const GRPC_FOLDER = "libs/rpc";
/** What the tests of every project may use: the tools of the workspace, and gRPC as a client or server that is not our own. */
const TEST_TOOLS = new Set(["vitest", "fast-check", "esbuild", "@grpc/grpc-js", "@grpc/proto-loader"]);

const tagOf = (project: Project, prefix: string): string | undefined =>
  project.tags.find((tag) => tag.startsWith(`${prefix}:`))?.slice(prefix.length + 1);

/** Everything in which imports go where they may not, one line each. */
export function boundaryViolations(projects: readonly Project[]): string[] {
  const byName = new Map(projects.map((project) => [project.name, project]));
  return projects.flatMap((project) => [
    ...projectViolations(project),
    ...project.files.flatMap((file) =>
      importsOf(file.text).flatMap((specifier) => importViolations(project, file, specifier, byName).map((what) => `${file.path}: ${what}`)),
    ),
  ]);
}

function projectViolations(project: Project): string[] {
  const layer = tagOf(project, "layer");
  if (layer === undefined || LAYERS[layer] === undefined) return [`${project.folder}/package.json: has no layer tag`];
  const isPure = layer === "base" || layer === "core";
  if (isPure && project.tsconfig?.extends !== "../../tsconfig.pure.json") return [`${project.folder}/tsconfig.json: must extend tsconfig.pure.json`];
  return [];
}

function importViolations(project: Project, file: SourceFile, specifier: string, byName: ReadonlyMap<string, Project>): string[] {
  if (specifier.startsWith(".")) return relativeViolations(project, file, specifier);
  if (specifier.startsWith("node:")) return [];
  const packageName = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (specifier.startsWith("@piecewise/")) return projectImportViolations(project, file, specifier, byName.get(packageName));
  const violations: string[] = [];
  if (packageName.startsWith("@grpc/") && project.folder !== GRPC_FOLDER && !isTestFile(file)) {
    violations.push(`imports ${specifier}, which only ${GRPC_FOLDER} may`);
  }
  if (!project.dependencies.includes(packageName) && !(isTestFile(file) && TEST_TOOLS.has(packageName))) {
    violations.push(`imports ${specifier}, which package.json does not declare`);
  }
  return violations;
}

function relativeViolations(project: Project, file: SourceFile, specifier: string): string[] {
  const target = posix.join(posix.dirname(file.path), specifier);
  if (!target.startsWith(`${project.folder}/`)) return [`imports ${specifier}, which lies outside its project`];
  return /\.(js|mjs|cjs|json)$/.test(specifier) ? [] : [`imports ${specifier} without the ending .js`];
}

function projectImportViolations(project: Project, file: SourceFile, specifier: string, target: Project | undefined): string[] {
  if (target === undefined) return [`imports ${specifier}, which is no project`];
  const subpath = `.${specifier.slice(target.name.length)}`;
  const [layer, targetLayer] = [tagOf(project, "layer"), tagOf(target, "layer")];
  const [scope, targetScope] = [tagOf(project, "scope"), tagOf(target, "scope")];
  const violations: string[] = [];
  if (!target.exports.includes(subpath)) violations.push(`imports ${specifier}, past what ${target.name} exports`);
  else if (subpath.startsWith("./testing") && !isTestFile(file)) violations.push(`imports ${specifier}, which is for tests alone`);
  if (target !== project && !(LAYERS[layer ?? ""] ?? []).includes(targetLayer ?? "")) {
    violations.push(`imports ${specifier}: layer ${layer} may not import layer ${targetLayer}`);
  }
  if (scope !== undefined && targetScope !== undefined && scope !== targetScope) {
    violations.push(`imports ${specifier}: scope ${scope} may not import scope ${targetScope}`);
  }
  if (target !== project && !project.dependencies.includes(target.name)) violations.push(`imports ${specifier}, which package.json does not declare`);
  if (target !== project && !isTestFile(file) && !refersTo(project, target)) violations.push(`imports ${specifier}, to which tsconfig.json does not refer`);
  return violations;
}

const refersTo = (project: Project, target: Project): boolean =>
  project.tsconfig?.references.some((path) => posix.join(project.folder, path) === target.folder) ?? false;
