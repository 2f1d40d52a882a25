import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { assert, type Prng } from "@piecewise/base";
import { ModelFile } from "./model-file.js";

/** One thing that was done to the disk, as faulty-disk.cjs writes it down. `file` is a descriptor. */
export type DiskCall =
  | { readonly call: "open"; readonly file: string; readonly path: string; readonly creates: boolean; readonly truncates: boolean }
  | { readonly call: "write"; readonly file: string; readonly offset: number | "end"; readonly data: string }
  | { readonly call: "truncate"; readonly file: string; readonly bytes: number }
  | { readonly call: "chmod"; readonly file: string; readonly mode: number }
  | { readonly call: "fdatasync" | "fsync"; readonly file: string }
  | { readonly call: "mkdir" | "unlink" | "rm"; readonly path: string }
  | { readonly call: "link" | "rename"; readonly from: string; readonly to: string }
  | { readonly call: "note"; readonly text: string };

class ModelFolder {
  names = new Map<string, ModelNode>();
  /** What a power cut leaves. */
  safeNames = new Map<string, ModelNode>();
}
type ModelNode = ModelFile | ModelFolder;

/** Names that were given and taken together: the system does all of it or nothing. */
type NameChange = readonly { readonly folder: ModelFolder; readonly name: string; readonly before: ModelNode | undefined; readonly after: ModelNode | undefined }[];

/**
 * What is on a disk, and what of that would be there after the power was cut: bytes are safe once the file was synced, names once the
 * folder was. Of what is not safe anything may be there, or not, in any order; only a single rename is done whole or not at all.
 */
export class DiskModel {
  readonly #root = new ModelFolder();
  /** Not safe yet, in order. */
  #changes: NameChange[] = [];
  #opened = new Map<string, ModelNode>();

  /** Does what was done, to a disk on which `folder` is the root. */
  apply(call: DiskCall, folder: string): void {
    const at = (path: string): Place => this.#place(relative(folder, path));
    switch (call.call) {
      case "open":
        return this.#open(call, at(call.path));
      case "write": {
        const file = this.#fileOf(call.file);
        return file.write(call.offset === "end" ? file.bytes : call.offset, Buffer.from(call.data, "base64"));
      }
      case "truncate":
        return this.#fileOf(call.file).truncate(call.bytes);
      case "chmod":
        return this.#fileOf(call.file).chmod(call.mode);
      case "fdatasync":
      case "fsync":
        return this.#sync(this.#opened.get(call.file)!, call.call === "fsync");
      case "mkdir":
        return this.#change([{ ...at(call.path), after: new ModelFolder() }]);
      case "unlink":
        return this.#change([{ ...at(call.path), after: undefined }]);
      case "rm":
        return this.#removeTree(this.#placeIfThere(relative(folder, call.path)));
      case "link":
        return this.#change([{ ...at(call.to), after: nodeAt(at(call.from)) }]);
      case "rename": {
        const [from, to] = [at(call.from), at(call.to)];
        return this.#change([{ ...from, after: undefined }, { ...to, after: nodeAt(from) }]);
      }
      case "note":
    }
  }

  /** The system brings everything to the disk, as it does sooner or later. */
  writeBack(): void {
    for (const node of this.#nodes()) {
      if (node instanceof ModelFile) node.sync(true);
      else node.safeNames = new Map(node.names);
    }
    this.#changes = [];
  }

  /** Every process ends. What they did stays. */
  killAll(): void {
    this.#opened = new Map();
  }

  /** What is left is the same however often it is looked at. */
  cutPower(prng: Prng): void {
    this.killAll();
    this.#keepSomeNames(prng);
    for (const node of this.#nodes()) if (node instanceof ModelFolder) node.names = new Map(node.safeNames);
    const luck = prng.below(3);
    for (const node of this.#nodes()) if (node instanceof ModelFile) node.losePower(prng, luck);
  }

  /** Makes real files of it, below a folder that is empty. */
  writeTo(folder: string): void {
    const written = new Map<ModelFile, string>();
    const write = (node: ModelFolder, path: string): void => {
      for (const [name, child] of node.names) {
        const childPath = join(path, name);
        if (child instanceof ModelFolder) {
          mkdirSync(childPath);
          write(child, childPath);
          continue;
        }
        const twin = written.get(child);
        if (twin === undefined) writeFileSync(childPath, child.content, { mode: child.mode });
        else linkSync(twin, childPath);
        written.set(child, childPath);
      }
    };
    write(this.#root, folder);
  }

  #open({ file, creates, truncates }: DiskCall & { call: "open" }, place: Place): void {
    const found = nodeAt(place);
    if (found === undefined && creates) this.#change([{ ...place, after: new ModelFile() }]);
    const node = nodeAt(place);
    assert(node !== undefined, `"${place.name}" is there when it is opened`);
    if (found instanceof ModelFile && truncates) found.truncate(0);
    this.#opened.set(file, node);
  }

  #fileOf(file: string): ModelFile {
    const node = this.#opened.get(file);
    assert(node instanceof ModelFile, `${file} is an open file`);
    return node;
  }

  #change(changes: readonly (Place & { readonly after: ModelNode | undefined })[]): void {
    this.#changes.push(changes.map(({ folder, name, after }) => ({ folder, name, before: folder.names.get(name), after })));
    for (const { folder, name, after } of changes) setName(folder.names, name, after);
  }

  #removeTree(place: Place | undefined): void {
    const node = place === undefined ? undefined : nodeAt(place);
    if (place === undefined || node === undefined) return;
    if (node instanceof ModelFolder) for (const name of Array.from(node.names.keys())) this.#removeTree({ folder: node, name });
    this.#change([{ ...place, after: undefined }]);
  }

  #sync(node: ModelNode, withMode: boolean): void {
    if (node instanceof ModelFile) {
      node.sync(withMode);
      return;
    }
    const settled = new Set<NameChange>();
    // What a name was before, in whichever folder, is over as well.
    for (const change of this.#changes.toReversed()) {
      if (change.some(({ folder }) => folder === node) || [...settled].some((later) => haveNameInCommon(change, later))) settled.add(change);
    }
    for (const change of this.#changes) if (settled.has(change)) makeSafe(change);
    this.#changes = this.#changes.filter((change) => !settled.has(change));
  }

  /** As many of the first as a journal of the file system holds, or any. */
  #keepSomeNames(prng: Prng): void {
    const isJournalled = prng.below(2) === 0;
    const kept = isJournalled ? prng.below(this.#changes.length + 1) : 0;
    for (const [index, change] of this.#changes.entries()) {
      // A name cannot be taken from what was never given it.
      const isPossible = change.every(({ folder, name, before, after }) => after !== undefined || folder.safeNames.get(name) === before);
      if (isPossible && (isJournalled ? index < kept : prng.below(2) === 0)) makeSafe(change);
    }
    this.#changes = [];
  }

  #place(path: string): Place {
    const place = this.#placeIfThere(path);
    assert(place !== undefined, `"${dirname(path)}" is a folder`);
    return place;
  }

  #placeIfThere(path: string): Place | undefined {
    // The root has no name.
    if (path === "") return { folder: new RootFolder(this.#root), name: "" };
    const parts = path.split("/");
    let folder = this.#root;
    for (const part of parts.slice(0, -1)) {
      const next = folder.names.get(part);
      if (!(next instanceof ModelFolder)) return undefined;
      folder = next;
    }
    return { folder, name: parts.at(-1)! };
  }

  /** Everything that has a name, or a safe one. */
  #nodes(): Set<ModelNode> {
    const nodes = new Set<ModelNode>([this.#root]);
    for (const node of nodes) {
      if (node instanceof ModelFolder) for (const child of [...node.names.values(), ...node.safeNames.values()]) nodes.add(child);
    }
    return nodes;
  }
}

interface Place {
  readonly folder: ModelFolder;
  readonly name: string;
}

/** Where the root itself lies. */
class RootFolder extends ModelFolder {
  constructor(root: ModelFolder) {
    super();
    this.names.set("", root);
  }
}

const nodeAt = ({ folder, name }: Place): ModelNode | undefined => folder.names.get(name);

function setName(names: Map<string, ModelNode>, name: string, node: ModelNode | undefined): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

const haveNameInCommon = (one: NameChange, other: NameChange): boolean =>
  one.some(({ folder, name }) => other.some((named) => named.folder === folder && named.name === name));

function makeSafe(change: NameChange): void {
  for (const { folder, name, after } of change) setName(folder.safeNames, name, after);
}
