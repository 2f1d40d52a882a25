import { isLoopbackHost, parseHostPort, PiecewiseError, RemoteError, UsageError, type ContentId, type Logger, type Prng } from "@piecewise/base";
import type { Caller, PeerService } from "@piecewise/contract";
import { pieceCountOf } from "@piecewise/manifest";
import { createTokenBucket } from "@piecewise/piece-engine";
import { type CallContext, HostQuota, type ServiceHandlers } from "@piecewise/rpc";
import type { ContentTable, LocalContent } from "./content-table.js";
import { MANIFEST_RETRY_AFTER_MS, sendManifest } from "./send-manifest.js";
import type { UploadLoop } from "./upload-loop.js";
import { callerAddress, callerFromWire, contentIdFromWire, EXCHANGED_PEERS_MAX, pieceSelectionFromWire } from "./wire.js";

/** Longest nonce that is returned. */
export const NONCE_BYTES_MAX = 64;
/** Calls of GetManifest answered at a time. */
export const MANIFEST_STREAMS_MAX = 64;
/** Of these from one network: a reader that takes a part now and then keeps its place for long. */
export const MANIFEST_STREAMS_PER_HOST_MAX = 16;
/** ExchangePeers calls a second, of all callers together. */
export const EXCHANGES_PER_SECOND_MAX = 200;
/** ReportBadPiece calls a second, of all callers together: each may cost reading a piece. */
export const RECHECKS_PER_SECOND_MAX = 4;

export interface PieceServiceOptions {
  readonly peerId: Uint8Array;
  /** Under which trackers know this peer besides. */
  readonly otherPeerIds: () => readonly Uint8Array[];
  readonly contents: ContentTable;
  readonly uploads: UploadLoop;
  readonly prng: Prng;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Answers the calls of other peers and of clients in any language. */
export function createPieceService(options: PieceServiceOptions): ServiceHandlers<typeof PeerService> {
  const { peerId, otherPeerIds, contents, uploads, prng, now, logger } = options;
  const exchanges = createTokenBucket(EXCHANGES_PER_SECOND_MAX, EXCHANGES_PER_SECOND_MAX);
  const rechecks = createTokenBucket(RECHECKS_PER_SECOND_MAX, RECHECKS_PER_SECOND_MAX);
  let manifestStreams = 0;
  const manifestQuota = new HostQuota(MANIFEST_STREAMS_PER_HOST_MAX, (host) => logger.warn({ host }, "refused a manifest: too many go to one address"));

  const takeOrRefuse = (bucket: typeof exchanges): void => {
    const nowMs = now();
    if (bucket.available(nowMs) < 1) {
      const retryAfterMs = bucket.availableAtMs(1, nowMs) - nowMs;
      throw new RemoteError("BUSY", "this peer is asked too often; try again later", { retryAfterMs });
    }
    bucket.take(1, nowMs);
  };

  /** Finds the content and takes note of a caller that can be dialled back. */
  const contentFor = (request: { readonly contentId: string; readonly caller?: Caller | undefined }, context: CallContext): LocalContent => {
    const content = findContent(contents, contentIdFromWire(request.contentId));
    if (request.caller !== undefined && Buffer.compare(request.caller.peerId, peerId) === 0) {
      throw new RemoteError("OWN_PEER", "this peer called itself");
    }
    return noteCaller(content, callerAddress(request.caller, context.remoteHost), now());
  };

  return {
    identify({ nonce }) {
      if (nonce.length > NONCE_BYTES_MAX) throw new UsageError("INVALID_ARGUMENT", `nonce has ${nonce.length} bytes, at most ${NONCE_BYTES_MAX} are returned`);
      return { peerId, nonce, contentCount: contents.size, otherPeerIds: [...otherPeerIds()] };
    },

    async getManifest(request, context, stream) {
      const { manifestBytes } = contentFor(request, context).source;
      if (manifestStreams >= MANIFEST_STREAMS_MAX || !manifestQuota.admit(context.remoteHost)) {
        throw new RemoteError("BUSY", "too many callers fetch manifests; try again later", { retryAfterMs: MANIFEST_RETRY_AFTER_MS });
      }
      manifestStreams += 1;
      try {
        await sendManifest(manifestBytes, stream, context.signal);
      } finally {
        manifestStreams -= 1;
        manifestQuota.release(context.remoteHost);
      }
    },

    async getPiece(request, context, stream) {
      const content = contentFor(request, context);
      const selection = pieceSelectionFromWire(request, content.source.manifest);
      await uploads.serve(content, selection, callerFromWire(request.caller, context.remoteHost), stream, context.signal);
    },

    async watchPieces(request, context, stream) {
      const content = contentFor(request, context);
      await uploads.watch(content.contentId, callerFromWire(request.caller, context.remoteHost), stream, context.signal);
    },

    exchangePeers(request, context) {
      const content = contentFor(request, context);
      takeOrRefuse(exchanges);
      const asker = { address: callerAddress(request.caller, context.remoteHost), isLoopback: isLoopbackHost(context.remoteHost) };
      const addresses = content.knownPeers.sample(asker, EXCHANGED_PEERS_MAX, now(), prng);
      return { peers: addresses.map((address) => ({ address })) };
    },

    async reportBadPiece(request, context) {
      const { contentId, source } = contentFor(request, context);
      const { pieceIndex } = request;
      if (pieceIndex >= pieceCountOf(source.manifest)) throw new RemoteError("PIECE_OUT_OF_RANGE", `the content has no piece ${pieceIndex}`);
      takeOrRefuse(rechecks);
      try {
        await source.recheck(pieceIndex);
      } catch (error) {
        if (!(error instanceof PiecewiseError)) throw error;
        // What is wrong with our disk, and where things lie on it, is nobody else's business.
        logger.warn({ contentId, piece: pieceIndex, code: error.code }, error.message);
      }
      if (!source.held.has(pieceIndex)) uploads.pieceLost(contentId, pieceIndex);
      return {};
    },
  };
}

function findContent(contents: ContentTable, contentId: ContentId): LocalContent {
  const content = contents.get(contentId);
  if (content === undefined) throw new RemoteError("CONTENT_NOT_FOUND", "this peer does not take part in that swarm");
  return content;
}

function noteCaller(content: LocalContent, address: string | undefined, nowMs: number): LocalContent {
  if (address !== undefined && parseHostPort(address, "the caller").port > 0) {
    content.knownPeers.saw(address, nowMs);
    content.onCaller?.(address);
  }
  return content;
}
