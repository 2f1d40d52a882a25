import { ERROR_CODES, type ErrorCode } from "@piecewise/base";

/** What a failed call to a peer means for the peer. */
export type Reaction =
  /** It works, but has no room for us now: wait, no strike. */
  | "waitForIt"
  /** It does not have what was asked for (any more), or does not show it to us: ask it for something else, no strike. */
  | "askForOther"
  /** It is about to stop: ask it for nothing more, no strike. */
  | "letGo"
  /** The connection is of no use: dial again later. */
  | "redial"
  /** This call failed; the next may not. */
  | "tryAgain"
  /** Whatever is asked of it will fail. */
  | "giveUp";

/** By code, never by text. */
export function reactionTo(code: ErrorCode): Reaction {
  switch (code) {
    case "BUSY":
    case "TOO_SLOW":
    case "TRACKER_FULL":
      return "waitForIt";
    case "NOT_OFFERED":
    case "PIECE_DAMAGED":
    case "CONTENT_CHANGED":
      return "askForOther";
    case "GOING_AWAY":
      return "letGo";
    // It has left the swarm, or is about to join it.
    case "CONTENT_NOT_FOUND":
      return "redial";
    // The peer, or something between, failed in a way that it does not name.
    case "REMOTE_FAILED":
    case "CANCELLED":
      return "tryAgain";
    default:
      // Its disk, not ours.
      if (ERROR_CODES[code].kind === "storage") return ERROR_CODES[code].retryable ? "tryAgain" : "askForOther";
      return ERROR_CODES[code].retryable ? "redial" : "giveUp";
  }
}
