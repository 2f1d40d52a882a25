import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContentId } from "@piecewise/base";
import { assert, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { decodeJournal, encodeJournalRecord, readJournal, replaceJournal } from "./resume-journal.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

const ID = `sha256:${"ab".repeat(32)}` as ContentId;
const OTHER_ID = `sha256:${"cd".repeat(32)}` as ContentId;
const createFolder = useTemporaryFolders();

async function journalOf(pieces: readonly number[]): Promise<Buffer> {
  const path = join(await createFolder(), "journal");
  await replaceJournal(path, ID, pieces);
  return readFile(path);
}

test("what is written is read, by its own content alone", async () => {
  const folder = await createFolder();
  const path = join(folder, "journal");
  expect(await readJournal(path, ID, 10)).toEqual([]);
  await replaceJournal(path, ID, [7, 3, 3, 0]);
  expect(await readJournal(path, ID, 10)).toEqual([0, 3, 7]);
  expect(await readJournal(path, ID, 7)).toEqual([0, 3]);
  expect(await readJournal(path, OTHER_ID, 10)).toEqual([]);
  await replaceJournal(path, ID, []);
  expect(await readJournal(path, ID, 10)).toEqual([]);
  expect(await readdir(folder)).toEqual(["journal"]);
});

test("records of another content are not believed", async () => {
  const journal = Buffer.concat([await journalOf([1]), encodeJournalRecord(OTHER_ID, 2), encodeJournalRecord(ID, 3)]);
  expect(decodeJournal(journal, ID, 10)).toEqual([1, 3]);
});

test("a journal that is cut, or has a flipped bit, names no piece that it did not name", async () => {
  const pieces = [1, 2, 500, 70_000];
  const journal = await journalOf(pieces);
  assert(
    property(nat(journal.length), nat(journal.length * 8 - 1), (length, bit) => {
      const damaged = Buffer.from(journal);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      for (const bytes of [journal.subarray(0, length), damaged, damaged.subarray(0, length)]) {
        expect(pieces).toEqual(expect.arrayContaining(decodeJournal(bytes, ID, 2 ** 20)));
      }
    }),
  );
});
