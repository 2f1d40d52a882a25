import { cp, mkdir, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { createPrng } from "@piecewise/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCountingProxy } from "./counting-proxy.js";
import { type RunningTracker, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";
import {
  bytesOf,
  finishDownload,
  headerOf,
  hiddenFolder,
  JOURNAL_RECORD_BYTES,
  killAfter,
  PIECE_BYTES,
  pieceOf,
  recordsOf,
  shareForResume,
  type Sharing,
  startDownload,
} from "./unfinished-download.js";

const SEED = 20_260_102;
const BYTES = 2 * 1_048_576 + 17;
const PIECES = Math.ceil(BYTES / PIECE_BYTES);

let folder: TempFolder;
let tracker: RunningTracker;
let sharing: Sharing;
let original: string;
/** The hidden folder as the killed download left it, its journal, and the records in that. */
let left: string;
let journal: Buffer;
let stored: readonly Buffer[];

beforeAll(async () => {
  folder = await openTempFolder();
  tracker = await startTracker();
  original = folder.join("film.bin");
  await writeTestFile(original, BYTES);
  await mkdir(folder.join("killed"));
  await using slow = await shareForResume(original, tracker.address, ["--upload-limit", "2M"]);
  await using proxy = await startCountingProxy(slow.address);
  await killAfter(startDownload(slow.contentId, proxy.address, folder.join("killed", "copy")), proxy, BYTES / 2);
  left = (await hiddenFolder(folder.join("killed")))!;
  journal = await readFile(`${left}/journal`);
  stored = recordsOf(journal);
  sharing = await shareForResume(original, tracker.address);
});

afterAll(async () => {
  await sharing[Symbol.asyncDispose]();
  await tracker.process.stop();
  await folder[Symbol.asyncDispose]();
});

/** The good record of a piece, stored or not. */
function recordFor(piece: number): Buffer {
  const record = Buffer.alloc(JOURNAL_RECORD_BYTES);
  record.writeUInt32BE(piece);
  record.writeUInt32BE(crc32(record.subarray(0, 4), crc32(headerOf(journal))), 4);
  return record;
}

/** Of these records those whose pieces are right in the hidden folder. */
async function rightOnes(records: readonly Buffer[], hidden: string): Promise<Buffer[]> {
  const [found, wanted] = await Promise.all([readFile(`${hidden}/content`), readFile(original)]);
  return records.filter((record) => {
    const [start, end] = [pieceOf(record) * PIECE_BYTES, (pieceOf(record) + 1) * PIECE_BYTES];
    return found.subarray(start, end).equals(wanted.subarray(start, end));
  });
}

async function flipBit(path: string, offset: number): Promise<void> {
  await using file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  await file.write(Buffer.of(byte[0]! ^ 0x40), 0, 1, offset);
}

/** What is done to the hidden folder; gives the records of the pieces that count afterwards, if not all of them do. */
const DAMAGES: Record<string, (hidden: string) => Promise<readonly Buffer[] | void>> = {
  "nothing was damaged": () => Promise.resolve(),
  "the journal lacks the end of a record": async (hidden) => {
    await truncate(`${hidden}/journal`, journal.length - 3);
    return stored.slice(0, -1);
  },
  "the journal was torn in its header": async (hidden) => {
    await truncate(`${hidden}/journal`, 30);
    return [];
  },
  "the journal is empty": async (hidden) => {
    await truncate(`${hidden}/journal`, 0);
    return [];
  },
  "the journal is gone": async (hidden) => {
    await rm(`${hidden}/journal`);
    return [];
  },
  "the journal is that of another content": async (hidden) => {
    const changed = journal.toString("latin1").replace(/sha256:.{8}/, "sha256:01234567");
    await writeFile(`${hidden}/journal`, changed, "latin1");
    return [];
  },
  "bits of the journal were flipped": async (hidden) => {
    const prng = createPrng(SEED);
    const changed = Buffer.from(journal);
    const hit = prng.shuffle([...stored.keys()]).slice(0, 3);
    for (const index of hit) changed[headerOf(journal).length + index * JOURNAL_RECORD_BYTES + prng.below(JOURNAL_RECORD_BYTES)]! ^= 1 << prng.below(8);
    await writeFile(`${hidden}/journal`, changed);
    return stored.filter((_, index) => !hit.includes(index));
  },
  "the journal ends with zeros": async (hidden) => {
    await writeFile(`${hidden}/journal`, Buffer.concat([journal, Buffer.alloc(4096)]));
  },
  "the journal names every piece, and some that do not exist": async (hidden) => {
    const all = Array.from({ length: PIECES + 3 }, (_, piece) => recordFor(piece));
    await writeFile(`${hidden}/journal`, Buffer.concat([headerOf(journal), ...all]));
    // One that was complete and not yet named when the end came is good.
    return rightOnes(all.slice(0, PIECES), hidden);
  },
  "the data of a piece was changed": async (hidden) => {
    await flipBit(`${hidden}/content`, pieceOf(stored[0]!) * PIECE_BYTES + 5);
    return stored.slice(1);
  },
  "the data was cut short": async (hidden) => {
    await truncate(`${hidden}/content`, Math.floor(PIECES / 4) * PIECE_BYTES + 5);
    return rightOnes(stored, hidden);
  },
  "the data is longer than it should be": (hidden) => truncate(`${hidden}/content`, BYTES + 100_000),
  "the data is gone": async (hidden) => {
    await rm(`${hidden}/content`);
    return [];
  },
  "the lock is half written": (hidden) => writeFile(`${hidden}/lock`, '{"pid":'),
  "the lock is of a process that has ended, whose number is in use again": (hidden) =>
    writeFile(`${hidden}/lock`, JSON.stringify({ pid: process.pid, startTime: "1" })),
};

describe("what a killed download has left", () => {
  test("is a good part of it", () => {
    expect(stored.length).toBeGreaterThan(PIECES / 4);
  });

  test.concurrent.each(Object.entries(DAMAGES))("gives no wrong byte when %s", async (name, damage) => {
    const place = folder.join(name.replaceAll(/\W/g, "-"));
    const hidden = left.replace(folder.join("killed"), place);
    await cp(left, hidden, { recursive: true });
    const good = (await damage(hidden)) ?? stored;
    const finished = await finishDownload(startDownload(sharing.contentId, sharing.address, `${place}/copy`));
    expect(finished["resumedBytes"]).toBe(bytesOf(good, BYTES));
    expect(await hashFile(`${place}/copy`)).toBe(await hashFile(original));
    expect(await readdir(place)).toEqual(["copy"]);
  });
});
