import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ERROR_CODES, GrpcCode, isErrorCode } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { codesOf, docViolations, fencesOf, missingTests, rowsOf, translationViolations, type Document, type World } from "./docs.js";
import { withoutComments } from "./source-text.js";
import { isShippedFile, isTestFile, readSources, ROOT } from "./workspace.js";

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "demo-output"]);

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const documentAt = (path: string): Document => ({ path, text: read(path) });
const foldersIn = (path: string): string[] =>
  readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED_FOLDERS.has(entry.name))
    .map((entry) => entry.name);

/** Every text in Markdown below a folder. */
function documentsIn(folder: string): Document[] {
  const inside = foldersIn(folder).flatMap((name) => documentsIn(join(folder, name)));
  const here = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md"));
  return [...here.map((name) => documentAt(join(folder, name))), ...inside];
}

/** The part of a document below a heading of the second level. */
function section(path: string, title: string): string {
  const text = read(path).split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (text === undefined) throw new Error(`${path} has no "## ${title}"`);
  return text;
}

const world: World = {
  exists: (path) => existsSync(join(ROOT, path)),
  read,
  scripts: Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts),
};

test("what the documents name is there", () => {
  const documents = documentsIn("");
  expect(documents.length).toBeGreaterThan(7);
  expect(documents.flatMap((document) => docViolations(document, world))).toEqual([]);
});

test("README.md calls those versions of Node supported on which the tests are run", () => {
  const [, oldest, others] = /^Supported are Node\.js \d+ \(from (\S+) on\), (.*) on Linux;/m.exec(read("README.md"))!;
  const tested = /^const SUPPORTED = (\[.*\]);$/m.exec(read("scripts/test/all-nodes.mjs"))![1]!;
  expect([Math.trunc(Number(oldest)), ...others!.split(" and ").map(Number)].map(String)).toEqual(JSON.parse(tested));
  expect(read("package.json")).toContain(`"node": ">=${oldest}"`);
});

test("README.vi.md is README.md in Vietnamese", () => {
  const [english, vietnamese] = ["README.md", "README.vi.md"].map(documentAt) as [Document, Document];
  expect(translationViolations(english, vietnamese)).toEqual([]);
  expect(english.text).toContain("](README.vi.md)");
  expect(vietnamese.text).toContain("](README.md)");
});

describe("docs/PROTOCOL.md", () => {
  /** What runs when somebody else's call is answered. */
  const SERVERS = /^libs\/(swarm-registry|tracker-node|piece-engine\/src\/upload)\/|^libs\/peer-node\/src\/(piece-service|upload-loop|transfer|wire)\.ts$/;
  const table = rowsOf(section("docs/PROTOCOL.md", "Errors")).map(([reason, code]) => ({ reason: codesOf(reason!)[0]!, code: code! }));
  const listed = table.map(({ reason }) => reason).toSorted();

  test("lists the reasons that servers send", () => {
    const sources = readSources("libs").filter((file) => SERVERS.test(file.path) && isShippedFile(file));
    const sent = sources.flatMap(({ text }) => [...withoutComments(text).matchAll(/"([A-Z_]+)"/g)].map(([, word]) => word!));
    expect(listed).toEqual([...new Set(sent.filter(isErrorCode))].toSorted());
  });

  test("lists the reasons that the contract names", () => {
    const contract = readSources("proto/piecewise").map(({ text }) => text).join("\n");
    const errors = [...contract.matchAll(/^ *\/\/ ([A-Z_]+) \/ ([A-Z_]+):/gm)].map(([, code, reason]) => `${reason} ${code}`);
    expect(table.map(({ reason, code }) => `${reason} ${code}`).toSorted()).toEqual([...new Set(errors)].toSorted());
  });

  test("gives each the code under which it is sent", () => {
    const names = Object.keys(GrpcCode) as (keyof typeof GrpcCode)[];
    const reasons = table.map(({ reason }) => reason).filter(isErrorCode);
    expect(table).toEqual(reasons.map((reason) => ({ reason, code: names.find((name) => GrpcCode[name] === ERROR_CODES[reason].grpc) })));
  });
});

describe("docs/CLI.md", () => {
  const mentioned = /(?<![\w-])--[a-z][\w-]*/g;

  test("lists the flags of every command, and their variables", async () => {
    const rows = rowsOf(section("docs/CLI.md", "Flags of `peer`"));
    const commands = await commandsOfPeer();
    expect(commands).toContain("download");
    for (const command of commands) {
      const listed = rows.filter(([, , of]) => isAmong(command, of!));
      expect(listed.map(flagAndVariable).toSorted(), command).toEqual(flagsIn(await helpOf("peer", command)).toSorted());
    }
  });

  test("lists the flags of the tracker, and their variables", async () => {
    const rows = rowsOf(section("docs/CLI.md", "`tracker`"));
    expect(rows.map(flagAndVariable).toSorted()).toEqual(flagsIn(await helpOf("tracker")).toSorted());
  });

  test("lists, as README.md does, the commands", async () => {
    const commands = await commandsOfPeer();
    const inTable = rowsOf(section("README.md", "Commands")).map(([usage]) => /^`peer (\w+)/.exec(usage!)?.[1]);
    expect(inTable.filter((command) => command !== undefined).toSorted()).toEqual(commands.toSorted());
    const headings = [...read("docs/CLI.md").matchAll(/^## `peer (\w+)/gm)].map(([, command]) => command);
    expect(headings.toSorted()).toEqual(commands.toSorted());
  });

  test("names, like every other document, no flag that does not exist", async () => {
    const pages = await Promise.all([helpOf("tracker"), helpOf("peer"), ...(await commandsOfPeer()).map((command) => helpOf("peer", command))]);
    const known = new Set([...pages.join("\n").matchAll(mentioned)].map(([flag]) => flag));
    const texts = [...documentsIn("docs"), documentAt("README.md"), documentAt("README.vi.md")].map(({ text }) => text);
    const commands = texts.flatMap(fencesOf).flatMap((fence) => fence.text.split("\n").filter((line) => /^(tracker|peer)\b/.test(line)));
    const named = [...texts.flatMap(codesOf), ...commands].flatMap((text) => text.match(mentioned) ?? []);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((flag) => !known.has(flag) && flag !== "--odd-name")).toEqual([]);
  });

  test("lists the exit codes", () => {
    const firsts = rowsOf(section("docs/CLI.md", "Exit codes of `peer`")).map(([code]) => code!);
    const listed = firsts.filter((code) => /^\d+$/.test(code)).map(Number);
    const exits = [...withoutComments(read("apps/peer/src/exit-code.ts")).matchAll(/^ {2}[A-Z_]+: (\d+),/gm)].map(([, code]) => Number(code));
    expect(exits.length).toBeGreaterThan(5);
    expect(listed.toSorted()).toEqual(exits.toSorted());
  });

  test("shows every JSON event with all of its fields", () => {
    const text = read("docs/CLI.md");
    const lines = [...fencesOf(text).flatMap((fence) => fence.text.split("\n")), ...codesOf(text)];
    const examples = lines.filter((line) => line.startsWith('{"event"')).map((line) => Object.entries(JSON.parse(line) as object));
    const declared = new Map(["apps/peer", "apps/tracker"].flatMap((app) => eventsIn(read(`${app}/src/json-events.ts`))));
    expect(declared.size).toBeGreaterThan(7);
    expect(new Set(examples.map(([first]) => first![1] as string))).toEqual(new Set(declared.keys()));
    for (const [first, ...others] of examples) {
      const shown = others.map(([field]) => field);
      expect(shown).toEqual(declared.get(first![1] as string) ?? shown);
    }
  });
});

/** What the built binary prints. */
const helpOf = async (app: "peer" | "tracker", ...command: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [join(ROOT, `apps/${app}/bin/${app}.cjs`), ...command, "--help"])).stdout;

const commandsOfPeer = async (): Promise<string[]> =>
  [...(await helpOf("peer")).matchAll(/^ {2}(\w+) .* {2}\w/gm)].map(([, name]) => name!).filter((name) => name !== "help");

/** `--flag VARIABLE`; what every program has, such as --help, has no variable. */
const flagsIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}(--[\w-]+)(?:(?!^ {2}-)[\s\S])*?\[(PIECEWISE_\w+)\]/gm)].map(([, flag, variable]) => `${flag} ${variable}`);

/** Whether a cell such as "share, download" or "all but list" includes a command. */
function isAmong(command: string, cell: string): boolean {
  const [included, excepted = ""] = cell.split(" but ").map((part) => part.split(/\W+/));
  return (included!.includes("all") || included!.includes(command)) && !excepted.includes(command);
}

const flagAndVariable = ([flag, variable]: readonly string[]): string => `${codesOf(flag!)[0]!.split(" ")[0]} ${codesOf(variable!)[0]}`;

/** The name of each member of the union of events, and its fields; undefined if they are declared elsewhere. */
function eventsIn(source: string): [name: string, fields: string[] | undefined][] {
  const members = withoutComments(source).split("readonly event:").slice(1);
  return members.map((member) => {
    const fields = [...member.split("}")[0]!.matchAll(/readonly (\w+):/g)].map(([, field]) => field!);
    return [/"([\w-]+)"/.exec(member)![1]!, /^[^}]*\} &/.test(member) ? undefined : fields];
  });
}

describe("docs/SECURITY.md", () => {
  const proofs = rowsOf(read("docs/SECURITY.md")).map(([promise, shownBy]) => ({ promise: promise!, missing: missingTests(shownBy!, world) }));

  test("names for every promise the tests that show it, and these are there", () => {
    expect(proofs.length).toBeGreaterThan(20);
    expect(proofs.filter(({ missing }) => missing.length > 0)).toEqual([]);
  });
});

describe("docs/ARCHITECTURE.md", () => {
  const codeMap = section("docs/ARCHITECTURE.md", "Code map");

  test("maps the folders that there are", () => {
    const listed = [...fencesOf(codeMap)[0]!.text.matchAll(/^([\w/-]+)\/ /gm)].map(([, folder]) => folder!);
    const actual = foldersIn("").flatMap((folder) => (/^(libs|apps)$/.test(folder) ? foldersIn(folder).map((name) => `${folder}/${name}`) : [folder]));
    expect(listed.toSorted()).toEqual(actual.toSorted());
  });

  test.each(["libs/piece-engine/src/download", "libs/piece-engine/src/upload", "libs/swarm-registry/src", "libs/piece-store/src", "libs/peer-node/src"])("says what is where in %s", (folder) => {
    const part = codeMap.split(/^### /m).find((text) => text.startsWith(`\`${folder}\``))!;
    const listed = rowsOf(part).flatMap((row) => codesOf(row.at(-1)!));
    const files = readSources(folder).filter((file) => !isTestFile(file) && !file.path.endsWith("/index.ts"));
    const names = files.map(({ path }) => path.slice(folder.length + 1).replace(/\.\w+$/, ""));
    expect(listed.toSorted()).toEqual(names.toSorted());
  });
});

describe("the check itself", () => {
  const there = new Set(["docs", "docs/a.md", "docs/b.md", "libs/base/", "libs/base/src/a.ts"]);
  const small: World = { exists: (path) => there.has(path), read: () => "# Two words, `x`\n", scripts: ["demo"] };
  const violationsOf = (text: string): string[] => docViolations({ path: "docs/a.md", text }, small);

  test.each([
    "[b](b.md), [here](#two-words-x), [there](b.md#two-words-x), [far](https://example.com/none)",
    "`npm run demo`, `libs/base/src/a.ts`, `libs/base/`, `b.md`, `libs/base/*.ts`, `piecewise.v1.PeerService/GetPiece`",
    "```bash\ncat libs/base/src/a.ts --output=node_modules/x.ts\n```",
    "```\nlibs/none.ts [none](none.md)\n```",
  ])("allows %s", (text) => {
    expect(violationsOf(text)).toEqual([]);
  });

  test.each([
    "[c](c.md)",
    "[c](../b.md)",
    "[c](#three)",
    "[c](b.md#three)",
    "run `npm run none`",
    "```bash\nnpm run none\n```",
    "see `libs/base/src/b.ts`",
    "see `c.md`",
    "```bash\ncat libs/none/*.ts\n```",
  ])("finds %s", (text) => {
    expect(violationsOf(text)).toHaveLength(1);
  });

  test.each([
    ["`e2e/a.test.ts` \"one\", \"two\"; `libs/testdata/b.txt`", []],
    ["`e2e/a.test.ts` \"three\"", ["e2e/a.test.ts has no \"three\""]],
    ["`e2e/c.test.ts` \"one\"", ["e2e/c.test.ts does not exist"]],
    ["`e2e/a.test.ts`", ["names no test of e2e/a.test.ts"]],
    ["somehow", ["names nothing"]],
  ])("looks for the tests of %s", (shownBy, missing) => {
    const files = new Set(["e2e/a.test.ts", "libs/testdata/b.txt"]);
    const tests: World = { exists: (path) => files.has(path), read: () => 'test("one", () => {}); describe.each([])("two", () => {});', scripts: [] };
    expect(missingTests(shownBy, tests)).toEqual(missing);
  });

  const original = "# A\n\n## B\n\n[c](c.md)\n\n| h | i |\n|---|---|\n| `run` | runs |\n\n```bash\nrun\n```\n";
  const differences = (text: string): string[] => translationViolations({ path: "a.md", text: original }, { path: "a.vi.md", text });

  test("allows other words", () => {
    expect(differences(original.replace("# A", "# Á").replace("runs", "chạy").replace("[c]", "[ç]").replace("h | i", "đ | i"))).toEqual([]);
  });

  test.each([
    ["heading", original.replace("## B", "### B")],
    ["block", original.replace("```bash\nrun", "```bash\nrun now")],
    ["block", original.replace("```bash", "```")],
    ["row", original.replace("| `run` |", "| `walk` |")],
    ["link", original.replace("c.md", "d.md")],
    ["heading", `${original}## C\n`],
  ])("finds another %s", (aspect, text) => {
    expect(differences(text)).toEqual([expect.stringContaining(aspect)]);
  });
});
