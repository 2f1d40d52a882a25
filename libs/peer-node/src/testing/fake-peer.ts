import { Bitfield, silentLogger } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { piecesOf } from "@piecewise/piece-engine";
import type { TestContent } from "@piecewise/piece-store/testing";
import { chunkCodec, implementService, type RpcServer, type ServiceHandlers, startRpcServer } from "@piecewise/rpc";

export type PeerHandlers = ServiceHandlers<typeof PeerService>;

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** A peer that does only what the test gives it to do. */
export function startFakePeer(handlers: Partial<PeerHandlers> = {}): Promise<RpcServer> {
  const idle: PeerHandlers = {
    identify: () => ({}),
    async getManifest() {},
    async getPiece() {},
    async watchPieces() {},
    exchangePeers: () => ({}),
    reportBadPiece: () => ({}),
  };
  const services = [implementService(PeerService, { ...idle, ...handlers }, { getPiece: chunkCodec })];
  return startRpcServer({ listen: { host: "127.0.0.1", port: 0 }, services, logger: silentLogger });
}

/** What an honest peer does that holds everything. */
export const servingAll = (file: TestContent): Partial<PeerHandlers> => ({
  async getManifest(_request, _context, stream) {
    stream.write({ data: file.manifestBytes });
  },
  async watchPieces(_request, { signal }, stream) {
    stream.write({ offered: Bitfield.create(file.pieceCount, true).toBytes() });
    await aborted(signal);
  },
  async getPiece({ pieceIndex, pieceCount, morePieces, offset, length }, _context, stream) {
    for (const piece of piecesOf([{ first: pieceIndex, count: pieceCount || 1 }, ...morePieces])) {
      const bytes = file.pieceBytes(piece);
      stream.write({ pieceIndex: piece, offset, data: bytes.subarray(offset, length === 0 ? bytes.length : offset + length) });
      await stream.drained();
    }
  },
});
