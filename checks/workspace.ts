import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** One file; `path` is relative to the workspace, with "/". */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A library, an app, the end-to-end tests or the benchmarks, with everything that the rules need to know of it. */
export interface Project {
  /** As in package.json. */
  readonly name: string;
  /** Relative to the workspace, such as `libs/base`. */
  readonly folder: string;
  readonly tags: readonly string[];
  /** What package.json declares, those for development included. */
  readonly dependencies: readonly string[];
  /** Subpaths that others may import, such as `.` and `./testing`. */
  readonly exports: readonly string[];
  /** What tsconfig.json extends and refers to, as it stands there. */
  readonly tsconfig: { readonly extends: string; readonly references: readonly string[] } | undefined;
  readonly files: readonly SourceFile[];
}

const SOURCE = /\.(ts|mts|cts|js|mjs|cjs|proto)$/;
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "gen"]);

/** All source files below a folder of the workspace, generated ones excluded. */
export function readSources(folder: string): SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : readSources(path);
    return SOURCE.test(entry.name) ? [{ path, text: readFileSync(join(ROOT, path), "utf8") }] : [];
  });
}

/** Every project of the workspace. */
export function readProjects(): Project[] {
  const folders = ["libs", "apps"].flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`));
  return [...folders, "e2e", "benchmarks"].filter((folder) => existsSync(join(ROOT, folder, "package.json"))).map(readProject);
}

function readProject(folder: string): Project {
  const manifest = readJson(`${folder}/package.json`);
  const tsconfig = existsSync(join(ROOT, folder, "tsconfig.json")) ? readJson(`${folder}/tsconfig.json`) : undefined;
  return {
    name: manifest.name ?? folder,
    folder,
    tags: manifest.nx?.tags ?? [],
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
    exports: Object.keys(manifest.exports ?? {}),
    tsconfig: tsconfig && { extends: tsconfig.extends ?? "", references: (tsconfig.references ?? []).map(({ path }) => path) },
    files: readSources(folder),
  };
}

interface ProjectJson {
  readonly name?: string;
  readonly nx?: { readonly tags?: string[] };
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly exports?: Record<string, unknown>;
  readonly extends?: string;
  readonly references?: { readonly path: string }[];
}

const readJson = (path: string): ProjectJson => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as ProjectJson;

/** Whether a file is a test or exists for tests alone. */
export const isTestFile = ({ path }: SourceFile): boolean => /\.(test|bench)\.ts$|\/testing\/|^e2e\/|^checks\//.test(path);

/** Whether a file is part of what is built. */
export const isShippedFile = (file: SourceFile): boolean => /^(libs|apps)\/[^/]+\/src\//.test(file.path) && !isTestFile(file);
