import { createHash } from "node:crypto";
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { CopyBytes, ScratchFile, readBlocks, writeFully } from "./copy-bytes.js";
import { PieceCopy, RejectedRanges } from "./piece-copy.js";

/**
 * @import { FileSpan } from "@piecewise/manifest"
 * @import { FdCache } from "./fd-cache.js"
 * @import { FilesRef, FilesToOpen, HasherCalls, SystemFailure } from "./hasher-protocol.js"
 * @import { VerifyResult } from "./piece-store.js"
 */

const DIGEST_BYTES = 32;
/** A disk that needs longer for what is to be synced is asked by several threads at once. */
const SYNC_MS_MAX = 100;

/**
 * A copy that is being received, or is verified and waits to be stored. `kept` is undefined for the copy that lies in its place.
 * @typedef {{ readonly hashed: PieceCopy, readonly kept: CopyBytes | undefined, failure: SystemFailureError | undefined }} Copy
 */

/** A call to the system that failed, with all that the other thread needs to explain it. */
export class SystemFailureError extends Error {
  /** @param {SystemFailure} failure */
  constructor(failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * Runs calls to the system. Anything but a failure of the system is a bug and passes through.
 * @template T
 * @param {SystemFailure["action"]} action
 * @param {string} path
 * @param {() => T} run
 * @returns {T}
 */
function attempt(action, path, run) {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error) || !("code" in error) || typeof error.code !== "string") throw error;
    throw new SystemFailureError({ code: error.code, message: error.message, path, action });
  }
}

/**
 * Reads blocks, as `attempt` does.
 * @param {string} path
 * @param {Generator<Uint8Array, void, undefined>} blocks
 * @returns {Generator<Uint8Array, void, undefined>}
 */
function* attemptEach(path, blocks) {
  for (;;) {
    const next = attempt("read", path, () => blocks.next());
    if (next.done === true) return;
    yield next.value;
  }
}

/** The files of one content as the hasher's thread sees them: where its bytes are written, read back and hashed. */
export class HasherFiles {
  #ref;
  #paths;
  #target;
  #fds;
  #scratch;
  /** @type {Map<number, Map<number, Copy>>} */
  #copies = new Map();
  #rejected = new RejectedRanges();

  /**
   * @param {FilesRef} ref
   * @param {FilesToOpen} files
   * @param {FdCache} fds
   */
  constructor(ref, { paths, target }, fds) {
    this.#ref = ref;
    this.#paths = paths;
    this.#target = target;
    this.#fds = fds;
    this.#scratch = new ScratchFile(target?.scratchPath ?? "", target?.pieceLength ?? 0);
  }

  /** @param {HasherCalls["layOut"]["request"]} request */
  layOut({ directories, files }) {
    for (const directory of directories) attempt("write", directory, () => makeDirectory(directory));
    for (const { entryIndex, bytes } of files) {
      attempt("write", this.#path(entryIndex), () => {
        const fd = this.#fd(entryIndex);
        const stat = fstatSync(fd);
        if (!stat.isFile()) throw Object.assign(new Error("not a regular file"), { code: "EINVAL", syscall: "open" });
        if (stat.size !== bytes) ftruncateSync(fd, bytes);
      });
    }
  }

  /**
   * A write that fails is reported when the copy is verified.
   * @param {{ readonly piece: number, readonly copy: number, readonly source: number, readonly data: Uint8Array, readonly spans: readonly FileSpan[] | undefined }} chunk
   * @returns {boolean} whether `data` is kept
   */
  append({ piece, copy: copyRef, source, data, spans }) {
    const copy = this.#copyOf(piece, copyRef, spans !== undefined);
    if (copy.failure !== undefined) return false;
    copy.hashed.append(source, data);
    try {
      if (copy.kept !== undefined) return attempt("write", this.#scratch.path, () => copy.kept?.append(data) ?? false);
      this.#write(spans ?? [], data);
    } catch (error) {
      if (!(error instanceof SystemFailureError)) throw error;
      copy.failure = error;
      copy.kept?.release();
    }
    return false;
  }

  /**
   * @param {HasherCalls["verify"]["request"]} request
   * @returns {VerifyResult}
   */
  verify({ piece, copy: copyRef, expected, record, spans }) {
    const copy = this.#knownCopy(piece, copyRef);
    if (copy.failure !== undefined) {
      this.discard({ piece, copy: copyRef });
      throw copy.failure;
    }
    const { digest, ranges } = copy.hashed.finish();
    if (!digest.equals(expected)) {
      this.#rejected.add(piece, ranges);
      this.discard({ piece, copy: copyRef });
      return { ok: false };
    }
    const blamed = this.#rejected.findBlamed(piece, expected, () => this.#blocksOf(copy, spans));
    if (copy.kept === undefined) {
      this.discard({ piece, copy: copyRef });
      this.#journal(record);
    }
    return { ok: true, blamed };
  }

  /** @param {HasherCalls["store"]["request"]} request */
  store({ piece, copy: copyRef, record, spans }) {
    const copy = this.#knownCopy(piece, copyRef);
    try {
      this.#writeBlocks(spans, this.#blocksOf(copy, spans));
      this.#journal(record);
    } finally {
      for (const other of Array.from(this.#copies.get(piece)?.keys() ?? [])) this.discard({ piece, copy: other });
    }
  }

  /** @param {Uint8Array} record */
  #journal(record) {
    const path = this.#target?.journalPath ?? "";
    attempt("write", path, () => writeFully(this.#fds.get(this.#ref, path, constants.O_WRONLY | constants.O_APPEND), record, "append"));
  }

  /** @param {{ readonly piece: number, readonly copy: number }} copy */
  discard({ piece, copy: copyRef }) {
    const copies = this.#copies.get(piece);
    copies?.get(copyRef)?.kept?.release();
    copies?.delete(copyRef);
    if (copies?.size === 0) this.#copies.delete(piece);
  }

  /** @param {HasherCalls["hash"]["request"]} request */
  hash({ pieces, writeAgain = false }) {
    const digests = new Uint8Array(pieces.length * DIGEST_BYTES);
    for (const [index, spans] of pieces.entries()) {
      const hash = createHash("sha256");
      for (const { block, span } of this.#readSpans(spans)) {
        hash.update(block);
        if (writeAgain) this.#write([span], block);
      }
      digests.set(hash.digest(), index * DIGEST_BYTES);
    }
    return digests;
  }

  /**
   * @param {HasherCalls["sync"]["request"]} request
   * @returns {number}
   */
  sync({ entryIndices }) {
    const startedMs = performance.now();
    for (const [done, entryIndex] of entryIndices.entries()) {
      if (performance.now() - startedMs > SYNC_MS_MAX) return done;
      const path = this.#path(entryIndex);
      attempt("write", path, () => syncFile(path));
    }
    return entryIndices.length;
  }

  releaseFiles() {
    this.#fds.closeAllOf(this.#ref);
  }

  close() {
    for (const copies of this.#copies.values()) for (const { kept } of copies.values()) kept?.release();
    this.#copies.clear();
    this.#scratch.close();
    this.releaseFiles();
  }

  /**
   * @param {number} piece
   * @param {number} copyRef
   * @param {boolean} liesInPlace
   */
  #copyOf(piece, copyRef, liesInPlace) {
    let copies = this.#copies.get(piece);
    if (copies === undefined) this.#copies.set(piece, (copies = new Map()));
    let copy = copies.get(copyRef);
    if (copy === undefined) {
      copy = { hashed: new PieceCopy(), kept: liesInPlace ? undefined : new CopyBytes(this.#scratch), failure: undefined };
      copies.set(copyRef, copy);
    }
    return copy;
  }

  /**
   * @param {number} piece
   * @param {number} copyRef
   */
  #knownCopy(piece, copyRef) {
    const copy = this.#copies.get(piece)?.get(copyRef);
    if (copy === undefined) throw new Error(`copy ${copyRef} of piece ${piece} is unknown`);
    return copy;
  }

  /**
   * @param {Copy} copy
   * @param {readonly FileSpan[]} spans
   */
  #blocksOf(copy, spans) {
    return copy.kept === undefined ? this.#read(spans) : attemptEach(this.#scratch.path, copy.kept.blocks());
  }

  /**
   * @param {readonly FileSpan[]} spans
   * @param {Uint8Array} data
   */
  #write(spans, data) {
    let done = 0;
    for (const { entryIndex, fileOffset, bytes } of spans) {
      const part = data.subarray(done, done + bytes);
      attempt("write", this.#path(entryIndex), () => writeFully(this.#fd(entryIndex), part, fileOffset));
      done += bytes;
    }
  }

  /**
   * @param {readonly FileSpan[]} spans
   * @param {Iterable<Uint8Array>} blocks
   */
  #writeBlocks(spans, blocks) {
    let left = [...spans];
    for (const block of blocks) {
      const { inside, behind } = splitSpans(left, block.byteLength);
      this.#write(inside, block);
      left = behind;
    }
  }

  /**
   * @param {readonly FileSpan[]} spans
   * @returns {Generator<Uint8Array, void, undefined>}
   */
  *#read(spans) {
    for (const { block } of this.#readSpans(spans)) yield block;
  }

  /**
   * Blocks, and where each lies.
   * @param {readonly FileSpan[]} spans
   * @returns {Generator<{ readonly block: Uint8Array, readonly span: FileSpan }, void, undefined>}
   */
  *#readSpans(spans) {
    for (const { entryIndex, fileOffset, bytes } of spans) {
      const path = this.#path(entryIndex);
      const fd = attempt("read", path, () => {
        // Nobody replaces the files of a target, which lie in a locked folder.
        if (this.#target === undefined) this.#fds.closeIfReplaced(this.#ref, path);
        return this.#fd(entryIndex);
      });
      let offset = fileOffset;
      for (const block of attemptEach(path, readBlocks(fd, fileOffset, bytes))) {
        yield { block, span: { entryIndex, fileOffset: offset, bytes: block.byteLength } };
        offset += block.byteLength;
      }
    }
  }

  /** @param {number} entryIndex */
  #fd(entryIndex) {
    const flags = this.#target === undefined ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
    return this.#fds.get(this.#ref, this.#path(entryIndex), flags);
  }

  /** @param {number} entryIndex */
  #path(entryIndex) {
    const path = this.#paths[entryIndex];
    if (path === undefined) throw new Error(`entry ${entryIndex} has no path`);
    return path;
  }
}

/** @param {string} path */
function syncFile(path) {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes one directory; one that is there already must not be a link, which could lead elsewhere.
 * @param {string} path
 */
function makeDirectory(path) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) mkdirSync(path);
  else if (!found.isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR", syscall: "mkdir" });
}

/**
 * Cuts a run of spans after so many bytes.
 * @param {readonly FileSpan[]} spans
 * @param {number} bytes
 */
function splitSpans(spans, bytes) {
  /** @type {FileSpan[]} */
  const inside = [];
  /** @type {FileSpan[]} */
  const behind = [];
  let left = bytes;
  for (const span of spans) {
    const taken = Math.min(left, span.bytes);
    if (taken > 0) inside.push({ ...span, bytes: taken });
    if (taken < span.bytes) behind.push({ ...span, fileOffset: span.fileOffset + taken, bytes: span.bytes - taken });
    left -= taken;
  }
  return { inside, behind };
}
