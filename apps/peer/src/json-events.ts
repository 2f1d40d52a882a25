import type { ManifestEntry } from "@piecewise/manifest";
import type { DownloadProgress, PeerContribution } from "@piecewise/peer-node";
import type { Difference } from "./differences.js";

/** What `--json` prints, one a line. `docs/CLI.md` describes each; fields are added, never renamed. */
export type JsonEvent =
  | { readonly event: "hashing"; readonly path: string; readonly doneBytes: number; readonly totalBytes: number }
  | {
      readonly event: "shared";
      readonly contentId: string;
      readonly name: string;
      readonly link: string;
      readonly bytes: number;
      readonly pieceLength: number;
      readonly pieces: number;
      readonly files: number;
      readonly skipped: readonly string[];
    }
  | { readonly event: "serving"; readonly address: string; readonly publicAddress: string }
  | {
      readonly event: "progress";
      readonly phase: DownloadProgress["phase"];
      readonly verifiedBytes: number;
      readonly totalBytes: number;
      readonly receivedBytes: number;
      readonly resumedBytes: number;
      readonly bytesPerSecond: number;
      /** null while there is nothing honest to say. */
      readonly etaMs: number | null;
      readonly connectedPeers: number;
    }
  | {
      readonly event: "finished";
      readonly contentId: string;
      readonly path: string;
      readonly bytes: number;
      readonly receivedBytes: number;
      readonly resumedBytes: number;
      readonly peers: readonly PeerContribution[];
    }
  | {
      readonly event: "content";
      readonly contentId: string;
      readonly names: readonly string[];
      readonly bytes: number;
      readonly pieceLength: number;
      readonly entries: number;
      readonly seeds: number;
      readonly leechers: number;
    }
  | {
      readonly event: "entry";
      readonly path: string;
      readonly kind: ManifestEntry["kind"];
      readonly bytes: number;
      readonly executable: boolean;
    }
  | {
      readonly event: "inspected";
      readonly contentId: string;
      /** null if only an id is known. */
      readonly name: string | null;
      readonly link: string;
      readonly bytes: number;
      readonly pieceLength: number;
      readonly pieces: number;
      readonly files: number;
      readonly skipped: readonly string[];
    }
  | ({ readonly event: "difference" } & Difference)
  | { readonly event: "verified"; readonly contentId: string; readonly path: string; readonly bytes: number }
  | { readonly event: "error"; readonly code: string; readonly message: string };

// JSON.stringify leaves these as they are, and a terminal may obey them.
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** Writes what JSON leaves raw as `\uXXXX`, which means the same to a program and nothing to a terminal. */
export const escapeJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`);

/** The line of an event, with its end. */
export const formatJsonEvent = (event: JsonEvent): string => `${escapeJson(JSON.stringify(event))}\n`;
