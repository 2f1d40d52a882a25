import { KIB, MIB } from "@piecewise/base";

/** Largest chunk of a GetPiece stream, in bytes of `data`. */
export const CHUNK_BYTES_MAX = MIB;
/** Largest message on a control channel, received or sent, in bytes. */
export const CONTROL_MESSAGE_BYTES_MAX = 4 * MIB;
/** Largest message on a bulk channel: a chunk, its header, and room for fields of a later version. */
export const BULK_MESSAGE_BYTES_MAX = CHUNK_BYTES_MAX + KIB;
/** What a sender may have on its way to this side on a bulk connection before anything was read. */
export const BULK_WINDOW_BYTES = 4 * MIB;
