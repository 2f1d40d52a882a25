import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, toBinary } from "@bufbuild/protobuf";
import { type MessageTypeDefinition, loadSync } from "@grpc/proto-loader";
import { IntegrityError, UsageError } from "@piecewise/base";
import { ManifestEntryKind, ManifestSchema } from "@piecewise/contract";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pieceCountOf, pieceHashOf } from "./geometry.js";
import { type Manifest, type ManifestEntry, isSingleFile } from "./manifest.js";
import { MANIFEST_BYTES_MAX, contentIdOf, decodeManifest, encodeManifest } from "./manifest-codec.js";
import { MANIFEST_ENTRIES_MAX } from "./manifest-rules.js";
import { findPathCollision } from "./path-collision.js";
import { comparePaths } from "./path-order.js";

type DataVector = { readonly hex: string } | { readonly utf8: string } | { readonly generate: number };
interface EntryVector {
  readonly path: string;
  readonly kind: "file" | "directory";
  readonly executable: boolean;
  readonly data?: DataVector;
}
interface ContentVector {
  readonly description: string;
  readonly pieceLength: number;
  readonly entries: readonly EntryVector[];
  readonly manifest: string;
  readonly contentId: string;
  readonly pieceHashes: readonly string[];
}
interface RefusedVector {
  readonly name: string;
  readonly why: string;
  readonly manifest: string;
}

const proto = (path: string): string => fileURLToPath(new URL(`../../../proto/${path}`, import.meta.url));
const vectors = JSON.parse(readFileSync(proto("testdata/manifest-vectors.json"), "utf8")) as {
  readonly contents: readonly ContentVector[];
  readonly refused: readonly RefusedVector[];
};

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function dataOf(data: DataVector | undefined): Uint8Array {
  if (data === undefined) return new Uint8Array(0);
  if ("hex" in data) return fromHex(data.hex);
  if ("utf8" in data) return Buffer.from(data.utf8, "utf8");
  return Uint8Array.from({ length: data.generate }, (_, i) => (31 * i + 7) % 251);
}

/** Leaves out the fields that are 0, false or empty. */
const withoutDefaults = (message: object): object =>
  Object.fromEntries(Object.entries(message).filter(([, value]) => Boolean(value) && (!(value instanceof Uint8Array) || value.length > 0)));

/** Describes data from scratch, as a program that shares it would. */
function describeContent(entries: readonly EntryVector[], pieceLength: number): Manifest {
  const space = Buffer.concat(entries.map(({ data }) => dataOf(data)));
  const hashes: Uint8Array[] = [];
  for (let start = 0; start < space.length; start += pieceLength) hashes.push(sha256(space.subarray(start, start + pieceLength)));
  return {
    totalBytes: space.length,
    pieceLength,
    entries: entries.map(({ path, kind, executable, data }) => ({ path, kind, executable, bytes: dataOf(data).length })),
    pieceHashes: Uint8Array.from(Buffer.concat(hashes)),
  };
}

describe.each(vectors.contents)("vector: $description", ({ entries, pieceLength, manifest: hex, contentId, pieceHashes }) => {
  const manifest = describeContent(entries, pieceLength);

  test("the data gives the bytes, the id and the hashes", () => {
    expect(toHex(encodeManifest(manifest))).toBe(hex);
    expect(contentIdOf(fromHex(hex), sha256)).toBe(contentId);
    expect(pieceHashes).toHaveLength(pieceCountOf(manifest));
    expect(pieceHashes.map((_, piece) => toHex(pieceHashOf(manifest, piece)))).toEqual(pieceHashes);
  });

  test("the bytes give the description", () => {
    expect(decodeManifest(fromHex(hex))).toEqual(manifest);
    expect(isSingleFile(decodeManifest(fromHex(hex)))).toBe(entries[0]?.path === "");
  });

  test("an independent codec writes and reads the same bytes", () => {
    const codec = loadSync("piecewise/v1/manifest.proto", { includeDirs: [proto("")], longs: Number, enums: String, defaults: true })[
      "piecewise.v1.Manifest"
    ] as MessageTypeDefinition<object, object>;
    const message = {
      totalBytes: manifest.totalBytes,
      pieceLength,
      entries: manifest.entries.map(({ path, kind, bytes, executable }) => ({
        path,
        kind: `MANIFEST_ENTRY_KIND_${kind.toUpperCase()}`,
        sizeBytes: bytes,
        executable,
      })),
      pieceHashes: Buffer.from(manifest.pieceHashes),
    };
    expect(codec.deserialize(Buffer.from(hex, "hex"))).toEqual(message);
    // protobufjs also writes default values that are set, which the canonical form leaves out.
    const sparse = { ...withoutDefaults(message), entries: message.entries.map(withoutDefaults) };
    expect(codec.serialize(sparse).toString("hex")).toBe(hex);
  });
});

// Name of the vector → what the message says.
const REFUSALS: Record<string, RegExp> = {
  "empty-message": /piece length of 0 /,
  "cut-off": /not a Manifest message/,
  garbage: /unknown field 536870911 of wire type 7|not a Manifest message/,
  "trailing-garbage": /not a Manifest message/,
  "unknown-field": /unknown field 5 /,
  "unknown-field-in-entry": /not in canonical form/,
  "wrong-wire-type": /unknown field 1 of wire type 1/,
  "fields-out-of-order": /not in canonical form/,
  "field-twice": /not in canonical form/,
  "long-varint": /not in canonical form/,
  "default-value-written": /not in canonical form/,
  "bool-not-one": /not in canonical form/,
  "hashes-before-entries": /not in canonical form/,
  "piece-length-zero": /piece length of 0 /,
  "piece-length-too-large": /67108865 bytes is more than 64 MiB/,
  "too-many-pieces": /1048577 pieces, more than 1048576/,
  "total-unsafe": /the content would have 9007199254740992 bytes/,
  "entry-unsafe": /entry 0 would have 18446744073709551615 bytes/,
  "total-too-small": /2 bytes together, not 1/,
  "total-too-large": /2 bytes together, not 3/,
  "total-wraps": /\d{16} bytes together, not 1/,
  "hash-missing": /32 bytes of hashes where 2 pieces need 64/,
  "hash-too-many": /64 bytes of hashes where 1 pieces need 32/,
  "hash-cut-off": /31 bytes of hashes/,
  "hash-of-nothing": /32 bytes of hashes where 0 pieces need 0/,
  "kind-unspecified": /entry 0 is of kind 0/,
  "kind-unknown": /entry 0 is of kind 3/,
  "single-file-executable": /single file as executable/,
  "single-directory": /has no path and is a directory/,
  "directory-with-bytes": /the directory "d" has 1 bytes/,
  "directory-executable": /the directory "d" is marked as executable/,
  "directory-not-empty": /"d" is listed as a file or an empty directory, but "d\/a" lies inside it/,
  "file-inside-file": /"a" is listed as a file or an empty directory, but "a\/b" lies inside it/,
  "empty-path": /the path "" is not allowed: it is empty/,
  unsorted: /"a" is out of order/,
  "unsorted-utf16": /"～" is out of order/,
  duplicate: /"a" is listed twice/,
  "case-collision": /"README" and "readme" are the same name/,
  "case-collision-full": /"STRASSE" and "straße" are the same name/,
  "accent-collision": /"e\u0301" and "\u00e9" are the same name/,
  "directory-collision": /"Doc" and "doc" are the same name/,
  "file-directory-collision": /"Doc" and "doc" are the same name/,
  "path-not-utf8": /not a Manifest message/,
  "path-surrogate": /not a Manifest message/,
  "path-byte-order-mark": /not in canonical form/,
  "path-absolute": /"\/etc\/passwd" is not allowed: it is absolute/,
  "path-parent": /component "\.\."/,
  "path-parent-only": /component "\.\."/,
  "path-dot": /component "\."/,
  "path-empty-component": /empty component/,
  "path-trailing-slash": /empty component/,
  "path-backslash": /backslash/,
  "path-drive-letter": /drive letter/,
  "path-nul": /"a\\u\{0\}b" is not allowed: it contains a control character/,
  "path-control": /"a\\u\{1b\}\[2J" is not allowed: it contains a control character/,
  "path-control-c1": /"a\\u\{9b\}b" is not allowed: it contains a control character/,
  "path-device": /device on Windows/,
  "path-device-extension": /device on Windows/,
  "path-trailing-dot": /ends in a dot or a space/,
  "path-trailing-space": /ends in a dot or a space/,
  "path-component-long": /component longer than 255 bytes/,
  "path-long": /longer than 4096 bytes/,
};

function refusalOf(bytes: Uint8Array): IntegrityError {
  try {
    decodeManifest(bytes);
  } catch (error) {
    if (error instanceof IntegrityError) return error;
    throw error;
  }
  throw new Error("the manifest was accepted");
}

describe("refused bytes", () => {
  test("every vector is covered", () => {
    expect(vectors.refused.map(({ name }) => name)).toEqual(Object.keys(REFUSALS));
  });

  test.each(vectors.refused)("$name: $why", ({ name, manifest }) => {
    const error = refusalOf(fromHex(manifest));
    expect(error.code).toBe("MANIFEST_INVALID");
    expect(error.message).toMatch(REFUSALS[name]!);
    expect(error.message).toMatch(/^the manifest is not legal: [^\p{Cc}]{1,500}; ask whoever shares this content to share it again$/u);
  });

  test("more than 64 MiB", () => {
    expect(refusalOf(new Uint8Array(MANIFEST_BYTES_MAX + 1)).message).toMatch(/67108865 bytes, more than 67108864/);
  });

  test("more entries than there may be, before an object is made of each", () => {
    const bytes = new Uint8Array(2 * (MANIFEST_ENTRIES_MAX + 1));
    for (let i = 0; i < bytes.length; i += 2) bytes[i] = 0x1a;
    expect(refusalOf(bytes).message).toMatch(/more than 262144 files/);
  });

  test("the cause of what could not be parsed is kept", () => {
    expect(refusalOf(Uint8Array.of(0x08)).cause).toBeInstanceOf(Error);
  });

  test("a long path is not shown in full", () => {
    const entry = { path: "x".repeat(100_000), kind: ManifestEntryKind.FILE };
    const bytes = toBinary(ManifestSchema, create(ManifestSchema, { pieceLength: 1, entries: [entry] }));
    expect(refusalOf(bytes).message).toMatch(/^the manifest is not legal: the path "x{200}…" is not allowed: it is longer than 4096 bytes;/);
  });
});

describe("encodeManifest", () => {
  const entry: ManifestEntry = { path: "", kind: "file", bytes: 1, executable: false };
  const file: Manifest = { totalBytes: 1, pieceLength: 1, entries: [entry], pieceHashes: new Uint8Array(32) };

  test.each<[string, Partial<Manifest>, RegExp]>([
    ["a path that is not allowed", { entries: [{ ...entry, path: "aux" }] }, /^this cannot be shared: the path "aux" is not allowed: /],
    ["a wrong total", { totalBytes: 2, pieceLength: 2 }, /1 bytes together, not 2/],
    ["a size that is not safe", { entries: [{ ...entry, bytes: Number.NaN }] }, /NaN bytes/],
    ["a negative size", { entries: [{ ...entry, bytes: -1 }] }, /-1 bytes/],
    ["a hash too few", { pieceHashes: new Uint8Array(0) }, /0 bytes of hashes/],
  ])("refuses %s", (_, change, message) => {
    expect(() => encodeManifest({ ...file, ...change })).toThrow(UsageError);
    expect(() => encodeManifest({ ...file, ...change })).toThrow(message);
  });

  test("refuses too many entries", () => {
    const entries = Array.from({ length: MANIFEST_ENTRIES_MAX + 1 }, () => entry);
    expect(() => encodeManifest({ ...file, entries })).toThrow(/262145 files and empty directories, more than 262144: pack them into an archive/);
  });

  test("refuses what would be longer than anybody reads", () => {
    const long = `/${"d".repeat(250)}`.repeat(16);
    const entries = Array.from({ length: 17_000 }, (_, i): ManifestEntry => {
      return { path: `${String(i).padStart(5, "0")}${long}`, kind: "file", bytes: 0, executable: false };
    });
    const manifest = { totalBytes: 0, pieceLength: 1, entries, pieceHashes: new Uint8Array(0) };
    expect(() => encodeManifest(manifest)).toThrow(/\d{8} bytes, more than 67108864; share it in parts/);
  });

  test("what it writes is read back, whatever the tree", () => {
    const component = fc.string({ unit: fc.constantFrom("a", "B", "-", "_", "é", "～", "😀"), minLength: 1, maxLength: 3 });
    const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((components) => components.join("/"));
    const leaf = fc.record({ path, directory: fc.boolean(), bytes: fc.nat(50), executable: fc.boolean() });
    const tree = fc.array(leaf, { maxLength: 20 }).filter((leaves) => findPathCollision(leaves.map((one) => one.path)) === undefined);
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 40 }), (leaves, pieceLength) => {
        const entries = leaves
          .toSorted((a, b) => comparePaths(a.path, b.path))
          .map((one): EntryVector => {
            if (one.directory) return { path: one.path, kind: "directory", executable: false };
            return { path: one.path, kind: "file", executable: one.executable, data: { generate: one.bytes } };
          });
        const manifest = describeContent(entries, pieceLength);
        expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
      }),
    );
  });

  test("one changed byte never passes for another way to write the same manifest", () => {
    const bytes = fromHex(vectors.contents.find(({ description }) => description.startsWith("a tree:"))!.manifest);
    const original = decodeManifest(bytes);
    let refused = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      for (const flip of [0x01, 0x08, 0x80]) {
        const changed = bytes.slice();
        changed[i]! ^= flip;
        try {
          expect(decodeManifest(changed)).not.toEqual(original);
        } catch (error) {
          if (!(error instanceof IntegrityError)) throw error;
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
