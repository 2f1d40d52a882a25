// A download to the disk. While it is on its way everything lies in one hidden folder beside the output, whose name holds a part of the
// content id, so that other contents for the same output have folders of their own:
//
//   .NAME.ID.piecewise/content    the file or directory that will become the output, of full length from the start, with holes
//   .NAME.ID.piecewise/journal    which pieces are stored (resume-journal.ts)
//   .NAME.ID.piecewise/lock       which process is at it (output-lock.ts)
//   .NAME.ID.piecewise/replaced   an old output that was in the way and is to be replaced
//   .NAME.ID.piecewise/doubt      empty; a sync has failed, and nobody knows what of the content is on the disk
//
// The folder is on the same file system as the output, so that finishing is a change of names. It goes when the download is finished, or
// ends with no piece stored; otherwise it stays, and the next process goes on from it.
//
// Order of events for a piece: its bytes are written as they come; the copy is verified by the hash of what came; its record is appended
// to the journal. Nothing is synced until the end. After a crash the journal may therefore name pieces whose bytes never reached the disk,
// or lack some that did: it is a hint, and each piece that it names is hashed from the disk before it counts. At the end every file is
// synced before it gets its final name, and the journal goes after that name is synced, so a crash in between leaves either a journal with
// all data or an output that is complete; the latter is verified and found finished.
//
// After a sync that failed the system may show bytes that only its memory has, and yet take them for written: another sync would find
// nothing to do. So before the next one, in this process or another, all that is held is read and written once more.
import { assert, Bitfield, CancelledError, type ContentId, IntegrityError, UsageError } from "@piecewise/base";
import { createFileMap, type FileMap, type Manifest, pieceBytesOf, pieceCountOf, pieceHashOf } from "@piecewise/manifest";
import { CopyTable } from "./copy-table.js";
import { FileSource } from "./file-source.js";
import { openFinishedOutput } from "./finished-output.js";
import { HashedFiles, type OnReleased } from "./hasher.js";
import { hashPieces, type HashingOptions } from "./piece-hashing.js";
import type { CopyRef, PieceStore, SourceRef, VerifyResult } from "./piece-store.js";
import { lstatIfThere, outputExists, publishOutput, syncData, syncDirectory } from "./publish-output.js";
import { encodeJournalRecord, readJournal, replaceJournal } from "./resume-journal.js";
import { checkFreeSpace, layOutData, openStoreFolder, type StoreFolder } from "./store-folder.js";
import { entryPaths, placeStore, type StorePlace } from "./store-place.js";
import { SyncDoubt } from "./sync-doubt.js";

export interface FileStoreOptions extends HashingOptions {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  /** The serialized manifest, kept verbatim. */
  readonly manifestBytes: Uint8Array;
  /** Final path of the file or directory. The folder that it is in must exist. */
  readonly outputPath: string;
  /** Replace what is there. */
  readonly force?: boolean | undefined;
  /** Is given the memory of appended chunks when it may be used again. */
  readonly onReleased?: OnReleased | undefined;
}

/**
 * Opens the target of a download, and goes on from what an earlier process left there. `onProgress` tells how much of that is hashed.
 * If the finished output is there already, everything is held.
 * @throws UsageError OUTPUT_EXISTS, OUTPUT_LOCKED; StorageError; CancelledError.
 */
export async function openFileStore(options: FileStoreOptions): Promise<PieceStore> {
  const place = placeStore(options.outputPath, options.contentId);
  if ((await lstatIfThere(place.output)) !== undefined) {
    const finished = await openFinishedOutput(place.output, options, options);
    if (finished !== undefined) {
      await removeLeftovers(place).catch(async (error: unknown) => {
        await finished.files[Symbol.asyncDispose]();
        throw error;
      });
      return new FileStore({ ...finished, place, folder: undefined, force: false });
    }
    if (options.force !== true) throw outputExists(place.output, "exists and is not, or not all of, what is to be downloaded");
  }
  const folder = await openStoreFolder(place);
  let claimed: readonly number[] | undefined;
  try {
    claimed = await readJournal(place.journal, options.contentId, pieceCountOf(options.manifest));
    return await openUnfinished(place, folder, claimed, options);
  } catch (error) {
    await (claimed?.length === 0 ? folder.remove() : folder.release());
    throw error;
  }
}

/** Of a process that ended after the output got its name. */
async function removeLeftovers(place: StorePlace): Promise<void> {
  if ((await lstatIfThere(place.folder)) === undefined) return;
  // It may have ended before the name was on the disk.
  await syncDirectory(place.parent);
  try {
    await (await openStoreFolder(place)).remove();
  } catch (error) {
    // That process is not at its end yet, and tidies up itself.
    if (!(error instanceof UsageError)) throw error;
  }
}

async function openUnfinished(
  place: StorePlace,
  folder: StoreFolder,
  claimed: readonly number[],
  options: FileStoreOptions,
): Promise<PieceStore> {
  const { contentId, manifest, manifestBytes } = options;
  await checkFreeSpace(manifest, place);
  const paths = entryPaths(manifest, place.data);
  const target = { journalPath: place.journal, scratchPath: place.scratch, pieceLength: manifest.pieceLength };
  const files = HashedFiles.open({ paths, target }, options.onReleased);
  try {
    await layOutData(manifest, place, files);
    const held = Bitfield.create(pieceCountOf(manifest));
    const keepGood = (piece: number, digest: Uint8Array): boolean => {
      if (Buffer.compare(digest, pieceHashOf(manifest, piece)) === 0) held.add(piece);
      return true;
    };
    await hashPieces(files, createFileMap(manifest), manifest, claimed, keepGood, options);
    await replaceJournal(place.journal, contentId, held.indices());
    const source = new FileSource({ contentId, manifest, manifestBytes, held, paths, files, isBeingWritten: true, ownsFiles: false });
    for (const piece of held.indices()) source.pieceHashed(piece);
    return new FileStore({ source, files, place, folder, force: options.force === true });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

interface FileStoreParts {
  readonly source: FileSource;
  readonly files: HashedFiles;
  readonly place: StorePlace;
  /** undefined once the output is finished. */
  readonly folder: StoreFolder | undefined;
  readonly force: boolean;
}

class FileStore implements PieceStore {
  readonly #source: FileSource;
  readonly #fileMap: FileMap;
  readonly #place: StorePlace;
  readonly #force: boolean;
  readonly #doubt: SyncDoubt;
  readonly #copies = new CopyTable();
  readonly #storing = new Map<number, Promise<void>>();
  #files: HashedFiles;
  #folder: StoreFolder | undefined;
  #finishing: Promise<string> | undefined;
  #closing: Promise<void> | undefined;
  /** The output has its final name. */
  #isPublished = false;
  /** A piece was stored, even if it cannot be read at the moment. */
  #isWorthKeeping: boolean;

  constructor({ source, files, place, folder, force }: FileStoreParts) {
    this.#source = source;
    this.#files = files;
    this.#place = place;
    this.#folder = folder;
    this.#force = force;
    this.#doubt = new SyncDoubt(place);
    this.#isWorthKeeping = source.held.count > 0;
    this.#fileMap = createFileMap(source.manifest);
  }

  get contentId(): ContentId {
    return this.#source.contentId;
  }

  get manifest(): Manifest {
    return this.#source.manifest;
  }

  get manifestBytes(): Uint8Array {
    return this.#source.manifestBytes;
  }

  get held(): Bitfield {
    return this.#source.held;
  }

  prepare(piece: number): Promise<void> {
    return this.#source.prepare(piece);
  }

  read(piece: number, offset: number, into: Uint8Array): Promise<void> {
    return this.#source.read(piece, offset, into);
  }

  recheck(piece: number): Promise<boolean> {
    return this.#source.recheck(piece);
  }

  append(piece: number, copy: CopyRef, source: SourceRef, data: Uint8Array): Promise<void> | undefined {
    if (this.#closing !== undefined || this.#isDone(piece)) return undefined;
    const offset = this.#copies.append(piece, copy, data.byteLength, pieceBytesOf(this.manifest, piece));
    const spans = copy === 0 ? this.#fileMap.spans(piece, offset, data.byteLength) : undefined;
    return this.#files.append(piece, copy, source, data, spans);
  }

  async verify(piece: number, copy: CopyRef): Promise<VerifyResult> {
    this.#checkOpen();
    if (this.#isDone(piece)) return { ok: true, blamed: [] };
    const bytes = this.#copies.take(piece, copy);
    assert(bytes === pieceBytesOf(this.manifest, piece), `copy ${copy} of piece ${piece} has ${bytes} bytes when it is verified`);
    const expected = pieceHashOf(this.manifest, piece);
    return this.#files.call("verify", { piece, copy, expected, record: this.#recordOf(piece), spans: this.#spansOf(piece) });
  }

  store(piece: number, copy: CopyRef): Promise<void> {
    const storing = this.#storing.get(piece) ?? this.#store(piece, copy).finally(() => this.#storing.delete(piece));
    this.#storing.set(piece, storing);
    return storing;
  }

  discard(piece: number, copy: CopyRef): void {
    if (this.#closing !== undefined) return;
    this.#copies.take(piece, copy);
    this.#files.discard(piece, copy);
  }

  finish(): Promise<string> {
    this.#finishing ??= this.#finish().finally(() => {
      this.#finishing = undefined;
    });
    return this.#finishing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #store(piece: number, copy: CopyRef): Promise<void> {
    this.#checkOpen();
    if (this.held.has(piece)) return;
    // From here on nothing may be written where the piece belongs but this copy.
    const others = this.#copies.takeAll(piece);
    // What lies in its place was journalled when it was verified.
    if (copy === 0) for (const other of others) this.#files.discard(piece, other);
    else await this.#files.call("store", { piece, copy, record: this.#recordOf(piece), spans: this.#spansOf(piece) });
    this.#source.pieceHashed(piece);
    this.held.add(piece);
    this.#isWorthKeeping = true;
  }

  async #finish(): Promise<string> {
    this.#checkOpen();
    this.#checkFull();
    if (this.#folder === undefined) return this.#place.output;
    if (!this.#isPublished) {
      await this.#sync();
      await this.#source.whileAtRest(async () => {
        await publishOutput(this.manifest, this.#place, this.#force);
        const paths = entryPaths(this.manifest, this.#place.output);
        const written = this.#files;
        this.#files = HashedFiles.open({ paths });
        await written[Symbol.asyncDispose]();
        return { paths, files: this.#files };
      });
      this.#isPublished = true;
    }
    await syncDirectory(this.#place.parent);
    await this.#folder.remove();
    this.#folder = undefined;
    return this.#place.output;
  }

  async #sync(): Promise<void> {
    const isInDoubt = await this.#doubt.isRaised();
    if (isInDoubt) await this.#writeAgain();
    // A program that is open for writing cannot be started.
    await this.#files.call("releaseFiles", {});
    try {
      await syncData(this.manifest, this.#place, this.#files);
    } catch (error) {
      await this.#doubt.raise(error);
      throw error;
    }
    if (isInDoubt) await this.#doubt.settle();
  }

  /** All that is held, so that a sync has all of it to do. */
  async #writeAgain(): Promise<void> {
    const { manifest, held } = this;
    const dropDamaged = (piece: number, digest: Uint8Array): boolean => {
      if (Buffer.compare(digest, pieceHashOf(manifest, piece)) !== 0) held.delete(piece);
      return true;
    };
    await hashPieces(this.#files, this.#fileMap, manifest, Array.from(held.indices()), dropDamaged, { writeAgain: true });
    this.#checkFull();
  }

  #checkFull(): void {
    if (this.held.isFull) return;
    throw new IntegrityError("PIECE_DAMAGED", "not every piece is held, some were found damaged on the disk; run the same again to fetch them");
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#finishing, ...this.#storing.values()]);
    await this.#source[Symbol.asyncDispose]();
    await this.#files[Symbol.asyncDispose]();
    await (this.#isWorthKeeping ? this.#folder?.release() : this.#folder?.remove());
  }

  /** Whether no more bytes are wanted for a piece. */
  #isDone(piece: number): boolean {
    return this.held.has(piece) || this.#storing.has(piece);
  }

  #recordOf(piece: number): Uint8Array {
    return encodeJournalRecord(this.contentId, piece);
  }

  #spansOf(piece: number): ReturnType<FileMap["spans"]> {
    return this.#fileMap.spans(piece, 0, pieceBytesOf(this.manifest, piece));
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new CancelledError("the store is closed");
  }
}
