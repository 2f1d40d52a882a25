import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type ContentId, IntegrityError, MIB, UsageError, contentIdFromHash } from "@piecewise/base";
import {
  type ManifestEntry as EntryMessage,
  ManifestEntryKind,
  type Manifest as ManifestMessage,
  ManifestSchema,
} from "@piecewise/contract";
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
  const manifest = fromMessage(parse(bytes));
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

const FIELDS = ManifestSchema.field;
const WIRE_TYPES = new Map([
  [FIELDS.totalBytes.number, WireType.Varint],
  [FIELDS.pieceLength.number, WireType.Varint],
  [FIELDS.entries.number, WireType.LengthDelimited],
  [FIELDS.pieceHashes.number, WireType.LengthDelimited],
]);

function parse(bytes: Uint8Array): ManifestMessage {
  try {
    checkOutline(bytes);
    // Unknown fields are refused anyway; kept, they would cost many times their size in memory.
    return fromBinary(ManifestSchema, bytes, { readUnknownFields: false });
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

function fromMessage(message: ManifestMessage): Manifest {
  return {
    totalBytes: toSafeInteger(message.totalBytes, "the content"),
    pieceLength: message.pieceLength,
    entries: message.entries.map(fromEntryMessage),
    pieceHashes: message.pieceHashes,
  };
}

function fromEntryMessage({ path, kind, sizeBytes, executable }: EntryMessage, index: number): ManifestEntry {
  if (kind !== ManifestEntryKind.FILE && kind !== ManifestEntryKind.DIRECTORY) {
    throw invalid(`entry ${index} is of kind ${kind}, neither a file nor a directory`);
  }
  return {
    path,
    kind: kind === ManifestEntryKind.FILE ? "file" : "directory",
    bytes: toSafeInteger(sizeBytes, `entry ${index}`),
    executable,
  };
}

function toSafeInteger(value: bigint, what: string): number {
  if (value > Number.MAX_SAFE_INTEGER) throw invalid(`${what} would have ${value} bytes, which is absurd`);
  return Number(value);
}

function serialize({ totalBytes, pieceLength, entries, pieceHashes }: Manifest): Uint8Array {
  const message = create(ManifestSchema, {
    totalBytes: BigInt(totalBytes),
    pieceLength,
    entries: entries.map(({ path, kind, bytes, executable }) => ({
      path,
      kind: kind === "file" ? ManifestEntryKind.FILE : ManifestEntryKind.DIRECTORY,
      sizeBytes: BigInt(bytes),
      executable,
    })),
    pieceHashes,
  });
  return toBinary(ManifestSchema, message);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
