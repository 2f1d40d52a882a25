import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { acceptedBy, fuzz } from "@piecewise/base/testing";
import { ManifestEntryKind, ManifestSchema } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import * as fc from "fast-check";
import { createFileMap } from "./file-map.js";
import { pieceBytesOf, pieceCountOf } from "./geometry.js";
import type { Manifest } from "./manifest.js";
import { decodeManifest, encodeManifest } from "./manifest-codec.js";
import { comparePaths } from "./path-order.js";

const vectors = JSON.parse(readFileSync(new URL("../../../proto/testdata/manifest-vectors.json", import.meta.url), "utf8")) as Record<
  "contents" | "refused",
  readonly { readonly manifest: string }[]
>;
const vectorBytes = [...vectors.contents, ...vectors.refused].map(({ manifest }) => Buffer.from(manifest, "hex")).filter(({ length }) => length < 4_096);

const name = fc.oneof({ weight: 1, arbitrary: fc.constantFrom("a", "Doc", "doc", "é", "ß", "SS", "a b", "日本", "😀") }, { weight: 4, arbitrary: fc.nat(999).map((n) => `${n}.txt`) });
const entryPath = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const entry = fc.tuple(entryPath, fc.boolean(), fc.oneof(fc.nat(5), fc.nat(200)), fc.boolean());

/** What an honest peer makes of a tree, but for names that collide. */
const tree = fc.tuple(fc.uniqueArray(entry, { selector: ([path]) => path, maxLength: 6 }), fc.integer({ min: 1, max: 64 })).map(([chosen, pieceLength]) => {
  const entries = chosen
    .toSorted(([a], [b]) => comparePaths(a, b))
    .map(([path, isFile, bytes, executable]) => ({
      path,
      kind: isFile ? ManifestEntryKind.FILE : ManifestEntryKind.DIRECTORY,
      sizeBytes: BigInt(isFile ? bytes : 0),
      executable: isFile && executable,
    }));
  const totalBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n);
  const pieceHashes = new Uint8Array(32 * Math.ceil(Number(totalBytes) / pieceLength));
  return toBinary(ManifestSchema, create(ManifestSchema, { totalBytes, pieceLength, entries, pieceHashes }));
});

/** What the generated code reads in the same bytes. */
function readByGeneratedCode(bytes: Uint8Array): Manifest {
  const { totalBytes, pieceLength, entries, pieceHashes } = fromBinary(ManifestSchema, bytes);
  return {
    totalBytes: Number(totalBytes),
    pieceLength,
    entries: entries.map(({ path, kind, sizeBytes, executable }) => ({
      path,
      kind: kind === ManifestEntryKind.FILE ? "file" : "directory",
      bytes: Number(sizeBytes),
      executable,
    })),
    pieceHashes,
  };
}

fuzz({
  name: "manifests",
  corpus: new URL("testdata/manifest.corpus.json", import.meta.url),
  valid: fc.oneof({ weight: 5, arbitrary: tree }, { weight: 2, arbitrary: fc.constantFrom(...vectorBytes) }, { weight: 1, arbitrary: messageBytes(ManifestSchema, { path: entryPath }) }),
  check(input) {
    const manifest = acceptedBy(["MANIFEST_INVALID"], () => decodeManifest(input));
    if (manifest === undefined) return;
    // The id is the hash of these bytes, so whoever accepts them has to have understood all of them, and to write the same.
    ok(Buffer.from(encodeManifest(manifest)).equals(input), "is encoded otherwise");
    deepStrictEqual(manifest, readByGeneratedCode(input));

    const files = createFileMap(manifest);
    let bytes = 0;
    for (let piece = 0; piece < Math.min(pieceCountOf(manifest), 1_000); piece += 1) {
      const pieceBytes = pieceBytesOf(manifest, piece);
      bytes += pieceBytes;
      const spans = files.spans(piece, 0, pieceBytes);
      equal(spans.reduce((sum, span) => sum + span.bytes, 0), pieceBytes);
      for (const span of spans) ok(span.fileOffset >= 0 && span.fileOffset + span.bytes <= manifest.entries[span.entryIndex]!.bytes);
    }
    if (pieceCountOf(manifest) <= 1_000) equal(bytes, manifest.totalBytes);
  },
});
