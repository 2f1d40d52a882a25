import { open, readFile, rename, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { ContentId } from "@piecewise/base";
import { systemErrorCode, toStorageError, withStorageErrors } from "./storage-error.js";

// A journal is a header, then records of one length:
//
//   header   "piecewise journal 1\n", the content id, "\n"
//   record   piece index (4 bytes, big endian), CRC-32 of the header and those 4 bytes (4 bytes, big endian)
//
// It says which pieces were stored, and is no more than a hint: every piece that it names is hashed before it counts. So a record that is
// torn, or is not right for whatever reason, is skipped, and a journal of another content counts as empty.

const RECORD_BYTES = 8;

const headerOf = (contentId: ContentId): Buffer => Buffer.from(`piecewise journal 1\n${contentId}\n`, "latin1");

/** The record that says that a piece is stored. */
export function encodeJournalRecord(contentId: ContentId, piece: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeUInt32BE(piece, 0);
  record.writeUInt32BE(crc32(record.subarray(0, 4), crc32(headerOf(contentId))), 4);
  return record;
}

/** The pieces that a journal names, ascending, each once; those that the content does not have are left out. */
export function decodeJournal(journal: Buffer, contentId: ContentId, pieceCount: number): number[] {
  const header = headerOf(contentId);
  if (!journal.subarray(0, header.length).equals(header)) return [];
  const pieces = new Set<number>();
  for (let at = header.length; at + RECORD_BYTES <= journal.length; at += RECORD_BYTES) {
    const piece = journal.readUInt32BE(at);
    if (piece < pieceCount && encodeJournalRecord(contentId, piece).equals(journal.subarray(at, at + RECORD_BYTES))) pieces.add(piece);
  }
  return [...pieces].toSorted((a, b) => a - b);
}

/** The pieces that the journal at `path` names; none if there is no journal. @throws StorageError */
export async function readJournal(path: string, contentId: ContentId, pieceCount: number): Promise<number[]> {
  try {
    return decodeJournal(await readFile(path), contentId, pieceCount);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw toStorageError(error, "read", path);
  }
}

/** Puts a journal with exactly these pieces in place of the old one, whole or not at all. @throws StorageError */
export async function replaceJournal(path: string, contentId: ContentId, pieces: Iterable<number>): Promise<void> {
  const records = Array.from(pieces, (piece) => encodeJournalRecord(contentId, piece));
  const written = `${path}.new`;
  await withStorageErrors("write", path, async () => {
    await writeFile(written, Buffer.concat([headerOf(contentId), ...records]));
    // The old one is safe on the disk by now, and must not be lost to one that is empty after a loss of power.
    if (records.length > 0) await syncFile(written);
    await rename(written, path);
  });
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
