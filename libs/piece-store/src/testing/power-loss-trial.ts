import assert from "node:assert/strict";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createPrng, type Prng } from "@piecewise/base";
import type { openFileStore } from "../file-store.js";
import type { PieceStore } from "../piece-store.js";
import { sha256 } from "../sha256.js";
import { placeStore } from "../store-place.js";
import { type DiskCall, DiskModel } from "./disk-model.js";
import { FaultyDisk } from "./faulty-disk.js";
import { appendAll, readPiece } from "./store-contract.js";
import { createTestContent, type TestContent } from "./test-content.js";

const FAULTS_MAX = 3;
const CHUNK_BYTES = 2000;
const CALLS_AT_THE_END = 12;

const FILE = createTestContent([{ path: "", bytes: 60_000 }], 7000);
const TREE = createTestContent(
  [
    { path: "a/large", bytes: 30_000 },
    { path: "a/run", bytes: 700, executable: true },
    { path: "b/c/empty" },
    { path: "b/small", bytes: 1200 },
    { path: "nothing", bytes: 0 },
  ],
  5000,
);
const OLD = Buffer.from("what was there before");

interface TrialParts {
  readonly orders: string;
  readonly createFolder: () => Promise<string>;
  readonly openFileStore: typeof openFileStore;
}

/** A download that suffers faults, and is run again on what they leave, until it is done. */
export class PowerLossTrial {
  readonly #openFileStore: typeof openFileStore;
  readonly #createFolder: () => Promise<string>;
  readonly #orders: string;
  readonly #prng: Prng;
  readonly #content: TestContent;
  readonly #disk = new DiskModel();
  /** What lies where the output will be: where it does, by the name of the output. */
  readonly #oldPath: string | undefined;
  /** Pieces that must be there. */
  #expected = new Set<number>();
  /** Those of them that are there after the power was cut. */
  #safe = new Set<number>();
  #isFinished = false;

  /** `orders` is what this process has its faulty disk from. */
  constructor(seed: number, { orders, createFolder, ...store }: TrialParts) {
    this.#orders = orders;
    this.#createFolder = createFolder;
    this.#openFileStore = store.openFileStore;
    this.#prng = createPrng(seed);
    this.#content = this.#oneOf([FILE, TREE]);
    this.#oldPath = this.#oneOf([undefined, undefined, "", "/inside"]);
    if (this.#oldPath === "/inside") this.#disk.apply({ call: "mkdir", path: "/output" }, "/");
    if (this.#oldPath !== undefined) {
      this.#disk.apply({ call: "open", file: "old", path: `/output${this.#oldPath}`, creates: true, truncates: false }, "/");
      this.#disk.apply({ call: "write", file: "old", offset: 0, data: OLD.toString("base64") }, "/");
    }
    this.#disk.writeBack();
  }

  async run(): Promise<void> {
    for (let faults = 1 + this.#prng.below(FAULTS_MAX); faults > 0; faults -= 1) {
      const { calls, folder } = await this.#download(this.#prng.below(4) > 0);
      this.#suffer(calls, folder);
    }
    const { calls, folder } = await this.#download(true);
    // Nothing that was done went unseen.
    for (const call of calls) this.#disk.apply(call, folder);
    const seen = await this.#createFolder();
    this.#disk.writeTo(seen);
    assert.deepEqual(await listTree(seen), await listTree(folder));
    assert.deepEqual(await readdir(folder), ["output"]);
    this.#isFinished = true;
    await this.#expectOutput(folder);
  }

  /** Goes on with it on what is left, to its end or not. */
  async #download(toTheEnd: boolean): Promise<{ readonly calls: readonly DiskCall[]; readonly folder: string }> {
    const content = this.#content;
    const folder = await this.#createFolder();
    this.#disk.writeTo(folder);
    await this.#expectOutput(folder);
    using disk = new FaultyDisk(folder, this.#orders);
    {
      await using store = await this.#openFileStore({ ...content, outputPath: join(folder, "output"), force: true });
      for (const piece of store.held.indices()) assert.equal(Buffer.compare(await readPiece(store, content, piece), content.pieceBytes(piece)), 0, `piece ${piece} is right`);
      for (const piece of this.#expected) assert(store.held.has(piece), `piece ${piece} is still there`);
      const missing = Array.from({ length: content.pieceCount }, (_, piece) => piece).filter((piece) => !store.held.has(piece));
      for (const piece of this.#prng.shuffle(missing).slice(0, toTheEnd ? missing.length : missing.length / 2)) {
        await this.#fill(store, piece);
        disk.note(`stored ${piece}`);
      }
      if (store.held.isFull) {
        await store.finish();
        disk.note("finished");
      }
    }
    return { calls: disk.calls(), folder };
  }

  /** Now and then what comes first is wrong. */
  async #fill(store: PieceStore, piece: number): Promise<void> {
    const copy = this.#prng.below(2);
    const good = this.#content.pieceBytes(piece);
    if (this.#prng.below(4) === 0) {
      await appendAll(store, piece, copy, good.toReversed(), undefined, CHUNK_BYTES);
      assert.equal((await store.verify(piece, copy)).ok, false);
    }
    await appendAll(store, piece, copy, good, undefined, CHUNK_BYTES);
    assert.equal((await store.verify(piece, copy)).ok, true);
    await store.store(piece, copy);
  }

  /** After some of what was done the process is killed, or the power is cut. Some time before, the system may have written everything back. */
  #suffer(calls: readonly DiskCall[], folder: string): void {
    // At any time, and more often while the output is on its way to its place, or right after.
    const last = this.#oneOf([calls.length, calls.length, Math.min(calls.length, CALLS_AT_THE_END), 0]);
    const done = calls.slice(0, calls.length - this.#prng.below(last + 1));
    const writtenBack = this.#prng.below(2) === 0 ? this.#prng.below(done.length + 1) : -1;
    for (const [index, call] of done.entries()) {
      if (index === writtenBack) this.#writeBack();
      this.#disk.apply(call, folder);
      if (call.call !== "note") continue;
      if (call.text === "finished") this.#isFinished = true;
      else this.#expected.add(Number(call.text.slice("stored ".length)));
    }
    if (this.#prng.below(3) === 0) {
      this.#disk.killAll();
      return;
    }
    this.#disk.cutPower(this.#prng);
    this.#expected = new Set(this.#safe);
  }

  #writeBack(): void {
    this.#disk.writeBack();
    this.#safe = new Set(this.#expected);
  }

  /** What bears the name of the output is all right, or is all that was there before; then that is somewhere. */
  async #expectOutput(folder: string): Promise<void> {
    const { output, replaced } = placeStore(join(folder, "output"), this.#content.contentId);
    const isRight = await this.#isRight(output);
    if (this.#isFinished) assert(isRight, "what was finished is there");
    if (isRight) return;
    const old = this.#oldPath;
    if (old === undefined) assert(!(await isThere(output)), "nothing wrong bears the name of the output");
    else assert.deepEqual(await readFile((await isThere(output)) ? output + old : replaced + old), OLD);
  }

  async #isRight(root: string): Promise<boolean> {
    for (const { path, kind, executable } of this.#content.manifest.entries) {
      const at = path === "" ? root : join(root, path);
      const found = await lstat(at).catch(() => undefined);
      if (found === undefined || found.isDirectory() !== (kind === "directory")) return false;
      if (kind === "directory") continue;
      if (!(await readFile(at)).equals(this.#content.fileBytes(path)) || (executable && (found.mode & 0o100) === 0)) return false;
    }
    return true;
  }

  #oneOf<T>(values: readonly T[]): T {
    return values[this.#prng.below(values.length)]!;
  }
}

const isThere = async (path: string): Promise<boolean> => (await lstat(path).catch(() => undefined)) !== undefined;

/** Every file and folder, with the hash of its bytes and its executable bits. */
async function listTree(folder: string): Promise<Map<string, unknown>> {
  const tree = new Map<string, unknown>();
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    tree.set(path.slice(folder.length), entry.isDirectory() ? "folder" : [sha256(await readFile(path)), (await lstat(path)).mode & 0o111]);
  }
  return new Map([...tree].toSorted());
}
