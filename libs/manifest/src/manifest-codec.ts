import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type ContentId, IntegrityError, MIB, UsageError, contentIdFromHash } from "@piecewise/base";
import { ManifestEntryKind, ManifestEntrySchema, ManifestSchema } from "@piecewise/contract";
import type { Manifest, ManifestEntry } from "./manifest.js";
import { MANIFEST_ENTRIES_MAX, findManifestProblem } from "./manifest-rules.js";

/** Longest serialized manifest in bytes. Whoever receives one buffers no more than this before its id can be checked. */
export const MANIFEST_BYTES_MAX = 64 * MIB;

/**
 * Serializes a manifest: the same data always gives the same bytes.
 * @throws UsageError PATH_NOT_SHAREABLE if it is not legal, so that nobody could download it.
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const problem = findManifestProblem(manifest);
  if (problem !== undefined) throw new UsageError("PATH_NOT_SHAREABLE", `this cannot be shared: ${problem}`);
  const bytes = serialize(manifest);
  if (bytes.length > MANIFEST_BYTES_MAX) {
    const message = `this cannot be shared: its manifest would have ${bytes.length} bytes, more than ${MANIFEST_BYTES_MAX}; share it in parts`;
    throw new UsageError("PATH_NOT_SHAREABLE", message);
  }
  return bytes;
}

/**
 * Reads a serialized manifest and makes sure that it is legal and canonical. `pieceHashes` of the result is a view into `bytes`.
 * @throws IntegrityError MANIFEST_INVALID if not; the message names what is wrong.
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MANIFEST_BYTES_MAX) throw invalid(`it has ${bytes.length} bytes, more than ${MANIFEST_BYTES_MAX}`);
  const manifest = parse(bytes);
  const problem = findManifestProblem(manifest);
  if (problem !== undefined) throw invalid(problem);
  if (!equalBytes(serialize(manifest), bytes)) throw invalid("it is not in canonical form, or has fields that are unknown");
  return manifest;
}

/** The id of a content: the hash of its serialized manifest. */
export const contentIdOf = (manifestBytes: Uint8Array, sha256: (bytes: Uint8Array) => Uint8Array): ContentId =>
  contentIdFromHash(sha256(manifestBytes));

const invalid = (problem: string, cause?: unknown): IntegrityError =>
  new IntegrityError("MANIFEST_INVALID", `the manifest is not legal: ${problem}; ask whoever shares this content to share it again`, { cause });

// Written out by hand: a manifest may have as many entries as there are files, and what works for every message takes several times as long.
const FIELDS = ManifestSchema.field;
const ENTRY_FIELDS = ManifestEntrySchema.field;

const WIRE_TYPES = new Map([
  [FIELDS.totalBytes.number, WireType.Varint],
  [FIELDS.pieceLength.number, WireType.Varint],
  [FIELDS.entries.number, WireType.LengthDelimited],
  [FIELDS.pieceHashes.number, WireType.LengthDelimited],
]);

function parse(bytes: Uint8Array): Manifest {
  try {
    checkOutline(bytes);
    return readManifest(new BinaryReader(bytes));
  } catch (error) {
    if (error instanceof IntegrityError) throw error;
    throw invalid("it is not a Manifest message", error);
  }
}

/** Bounds what parsing allocates: an entry can be as short as two bytes, but its object is not. */
function checkOutline(bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  let entries = 0;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (WIRE_TYPES.get(field) !== wireType) throw invalid(`it has an unknown field ${field} of wire type ${wireType}`);
    if (field === FIELDS.entries.number) entries += 1;
    if (entries > MANIFEST_ENTRIES_MAX) throw invalid(`it has more than ${MANIFEST_ENTRIES_MAX} files and empty directories`);
    reader.skip(wireType, field);
  }
}

function readManifest(reader: BinaryReader): Manifest {
  let [totalBytes, pieceLength] = [0, 0];
  let pieceHashes: Uint8Array = new Uint8Array();
  const entries: ManifestEntry[] = [];
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    if (field === FIELDS.totalBytes.number) totalBytes = readSafeInteger(reader, "the content");
    else if (field === FIELDS.pieceLength.number) pieceLength = reader.uint32();
    else if (field === FIELDS.entries.number) entries.push(readEntry(reader, entries.length));
    else pieceHashes = reader.bytes();
  }
  return { totalBytes, pieceLength, entries, pieceHashes };
}

/** What it does not know, it leaves out: in canonical form there is nothing of that kind. */
function readEntry(reader: BinaryReader, index: number): ManifestEntry {
  let path = "";
  let kind: number = ManifestEntryKind.UNSPECIFIED;
  let bytes = 0;
  let executable = false;
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === ENTRY_FIELDS.path.number && wireType === WireType.LengthDelimited) path = reader.string(true);
    else if (field === ENTRY_FIELDS.kind.number && wireType === WireType.Varint) kind = reader.int32();
    else if (field === ENTRY_FIELDS.sizeBytes.number && wireType === WireType.Varint) bytes = readSafeInteger(reader, `entry ${index}`);
    else if (field === ENTRY_FIELDS.executable.number && wireType === WireType.Varint) executable = reader.bool();
    else reader.skip(wireType, field);
  }
  if (reader.pos !== end) throw invalid(`entry ${index} is longer than it says`);
  if (kind !== ManifestEntryKind.FILE && kind !== ManifestEntryKind.DIRECTORY) {
    throw invalid(`entry ${index} is of kind ${kind}, neither a file nor a directory`);
  }
  return { path, kind: kind === ManifestEntryKind.FILE ? "file" : "directory", bytes, executable };
}

function readSafeInteger(reader: BinaryReader, what: string): number {
  const value = BigInt(reader.uint64());
  if (value > Number.MAX_SAFE_INTEGER) throw invalid(`${what} would have ${value} bytes, which is absurd`);
  return Number(value);
}

/** Fields ascend, and those that are zero or empty are left out. */
function serialize({ totalBytes, pieceLength, entries, pieceHashes }: Manifest): Uint8Array {
  const writer = new BinaryWriter();
  if (totalBytes !== 0) writer.tag(FIELDS.totalBytes.number, WireType.Varint).uint64(totalBytes);
  if (pieceLength !== 0) writer.tag(FIELDS.pieceLength.number, WireType.Varint).uint32(pieceLength);
  for (const entry of entries) {
    writer.tag(FIELDS.entries.number, WireType.LengthDelimited).fork();
    writeEntry(writer, entry);
    writer.join();
  }
  if (pieceHashes.length > 0) writer.tag(FIELDS.pieceHashes.number, WireType.LengthDelimited).bytes(pieceHashes);
  return writer.finish();
}

function writeEntry(writer: BinaryWriter, { path, kind, bytes, executable }: ManifestEntry): void {
  if (path !== "") writer.tag(ENTRY_FIELDS.path.number, WireType.LengthDelimited).string(path);
  writer.tag(ENTRY_FIELDS.kind.number, WireType.Varint).int32(kind === "file" ? ManifestEntryKind.FILE : ManifestEntryKind.DIRECTORY);
  if (bytes !== 0) writer.tag(ENTRY_FIELDS.sizeBytes.number, WireType.Varint).uint64(bytes);
  if (executable) writer.tag(ENTRY_FIELDS.executable.number, WireType.Varint).bool(true);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
