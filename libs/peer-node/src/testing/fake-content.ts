import { Bitfield } from "@piecewise/base";
import type { PieceSource } from "@piecewise/piece-store";
import { createTestContent, type TestContent } from "@piecewise/piece-store/testing";
import { BanList } from "../ban-list.js";
import { createLocalContent, type LocalContent } from "../content-table.js";
import { KnownPeers } from "../known-peers.js";

/** A single file whose bytes are known to the test. */
export const testFile = (bytes: number, pieceLength: number): TestContent => createTestContent([{ path: "", bytes }], pieceLength);

/** Where a peer would have a content, whole unless said otherwise; the source does what the test gives it to do instead. */
export function fakeContent(file: TestContent, source: Partial<PieceSource> = {}): LocalContent {
  const { contentId, manifest, manifestBytes, pieceCount } = file;
  const whole: PieceSource = {
    contentId,
    manifest,
    manifestBytes,
    held: Bitfield.create(pieceCount, true),
    prepare: async () => {},
    read: async (piece, offset, into) => into.set(file.pieceBytes(piece).subarray(offset, offset + into.length)),
    recheck: async () => true,
    [Symbol.asyncDispose]: async () => {},
  };
  return createLocalContent("file", { ...whole, ...source }, new KnownPeers(new BanList()));
}
