import { deepStrictEqual, ok } from "node:assert/strict";
import type { ContentId } from "@piecewise/base";
import { fuzz } from "@piecewise/base/testing";
import * as fc from "fast-check";
import { decodeJournal, encodeJournalRecord } from "./resume-journal.js";

const CONTENT_ID = `sha256:${"ab".repeat(32)}` as ContentId;
const OTHER_ID = `sha256:${"cd".repeat(32)}` as ContentId;
const PIECE_COUNT = 300;
const RECORD_BYTES = 8;

const headerOf = (contentId: ContentId): Buffer => Buffer.from(`piecewise journal 1\n${contentId}\n`);
const journalOf = (contentId: ContentId, pieces: readonly number[]): Buffer =>
  Buffer.concat([headerOf(contentId), ...pieces.map((piece) => encodeJournalRecord(contentId, piece))]);

const piece = fc.oneof(fc.nat(PIECE_COUNT - 1), fc.constantFrom(0, PIECE_COUNT - 1, PIECE_COUNT, 2 ** 32 - 1));
/** The bytes of a record are damaged more often than those of the header, of which one is enough to lose everything. */
const damaged = fc.tuple(fc.array(piece, { maxLength: 8 }), fc.uint8Array({ maxLength: 9 }), fc.array(piece, { maxLength: 3 })).map(([first, torn, rest]) =>
  Buffer.concat([journalOf(CONTENT_ID, first), torn, ...rest.map((one) => encodeJournalRecord(CONTENT_ID, one))]),
);

fuzz({
  name: "a resume journal",
  corpus: new URL("testdata/resume-journal.corpus.json", import.meta.url),
  valid: fc.oneof(fc.tuple(fc.constantFrom(CONTENT_ID, CONTENT_ID, OTHER_ID), fc.array(piece, { maxLength: 20 })).map(([id, pieces]) => journalOf(id, pieces)), damaged),
  check(input) {
    const journal = Buffer.from(input);
    const pieces = decodeJournal(journal, CONTENT_ID, PIECE_COUNT);
    ok(pieces.every((one, index) => Number.isInteger(one) && one >= 0 && one < PIECE_COUNT && one > (pieces[index - 1] ?? -1)));
    // A piece is named only by a record that lies there whole.
    const body = journal.subarray(headerOf(CONTENT_ID).length);
    for (const one of pieces) ok(body.includes(encodeJournalRecord(CONTENT_ID, one)), `piece ${one} is named by nothing`);
    // Whatever was torn, what was written before it counts.
    deepStrictEqual(decodeJournal(journalOf(CONTENT_ID, pieces), CONTENT_ID, PIECE_COUNT), pieces);
    const whole = Math.max(0, Math.floor(body.length / RECORD_BYTES)) * RECORD_BYTES;
    const header = journal.subarray(0, headerOf(CONTENT_ID).length);
    deepStrictEqual(decodeJournal(Buffer.concat([header, body.subarray(0, whole)]), CONTENT_ID, PIECE_COUNT), pieces);
    deepStrictEqual(decodeJournal(journal, OTHER_ID, PIECE_COUNT).filter((one) => pieces.includes(one)), []);
  },
});
