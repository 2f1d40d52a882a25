import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream } from "@grpc/grpc-js";
import { CallLog } from "./call-log.js";
import { honest, honestManifest, type ManifestAnswer, type PieceAnswer, type PieceRequest, type Reply, type WatchAnswer } from "./lies.js";
import { type Message, PlainClient, serviceOf, statusOf } from "./plain-grpc.js";
import type { TestContent } from "./test-content.js";

const MESSAGE_BYTES_MAX = 64 * 1_048_576;

/** How it differs from a peer that is honest and holds everything. */
export interface Behaviour {
  readonly getPiece?: PieceAnswer;
  readonly getManifest?: ManifestAnswer;
  readonly watchPieces?: WatchAnswer;
  /** The bitmap of its first news. Default: every piece. */
  readonly offered?: Uint8Array;
  /** Addresses that it passes on. Default: none. */
  readonly exchanged?: readonly string[];
  /** Whether reports of bad pieces are answered. Default: they are. */
  readonly answersReports?: boolean;
}

/** Port 0 takes any free one. */
export interface ListenOn {
  readonly host: string;
  readonly port: number;
}

export const ON_LOOPBACK: ListenOn = { host: "127.0.0.1", port: 0 };

type ServerStream = ServerWritableStream<Message, Message>;

/** A peer of our own making that serves one content and says what it likes. It listens on 127.0.0.1 unless told otherwise, and keeps a log of what it is asked. */
export class LyingPeer implements AsyncDisposable {
  readonly calls = new CallLog();
  peerId = randomBytes(16);
  readonly #content: TestContent;
  #behaviour: Behaviour;
  #server = new Server();
  #port = 0;
  readonly #host: string;
  readonly #watches = new Set<ServerStream>();
  #leave: (() => Promise<void>) | undefined;

  private constructor(content: TestContent, behaviour: Behaviour, { host, port }: ListenOn) {
    this.#content = content;
    this.#behaviour = behaviour;
    this.#host = host;
    this.#port = port;
  }

  static async start(content: TestContent, behaviour: Behaviour = {}, listen: ListenOn = ON_LOOPBACK): Promise<LyingPeer> {
    const peer = new LyingPeer(content, behaviour, listen);
    await peer.#listen();
    return peer;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `${this.#host}:${this.#port}`;
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  /** Sends a message to all who watch its pieces. */
  tellWatchers(news: Message): void {
    for (const watch of this.#watches) watch.write(news);
  }

  /** Tells a tracker that it takes part in the swarm, with all pieces. It leaves when it is disposed of. */
  async register(tracker: string, name: string): Promise<void> {
    const { contentId, totalBytes, pieceLength, pieceCount } = this.#content;
    const content = { contentId, name, totalBytes, pieceLength, entryCount: 1, progress: { piecesHeld: pieceCount } };
    const { peerId } = this;
    using client = new PlainClient(tracker);
    const { leaseToken } = await client.unary("piecewise.v1.TrackerService", "Register", { peerId, port: this.#port, contents: [content] });
    this.#leave = async () => {
      using leaver = new PlainClient(tracker);
      await leaver.unary("piecewise.v1.TrackerService", "Unregister", { peerId, leaseToken });
    };
  }

  /** Stops, and is there again under the same address with another peer id. */
  async restart(): Promise<void> {
    await this.#leave?.();
    this.#leave = undefined;
    this.#server.forceShutdown();
    this.#server = new Server();
    this.peerId = randomBytes(16);
    await this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await this.#leave?.();
  }

  async #listen(): Promise<void> {
    this.#server = new Server({ "grpc.max_send_message_length": MESSAGE_BYTES_MAX });
    this.#server.addService(serviceOf("piecewise.v1.PeerService"), {
      Identify: this.#unary("Identify", ({ nonce }) => ({ peerId: this.peerId, nonce, contentCount: 1 })),
      ExchangePeers: this.#unary("ExchangePeers", () => ({ peers: (this.#behaviour.exchanged ?? []).map((address) => ({ address })) })),
      ReportBadPiece: this.#unary("ReportBadPiece", () => (this.#behaviour.answersReports === false ? undefined : {})),
      WatchPieces: (call: ServerStream) => this.#watch(call),
      GetManifest: (call: ServerStream) => {
        this.calls.add("GetManifest", call.request);
        void (this.#behaviour.getManifest ?? honestManifest)(new StreamReply(call), this.#content);
      },
      GetPiece: (call: ServerStream) => {
        this.calls.add("GetPiece", call.request);
        void (this.#behaviour.getPiece ?? honest)(this.#pieceRequest(call.request), new StreamReply(call), this.#content);
      },
    });
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(this.address, ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
    });
  }

  #unary(method: string, answer: (request: Message) => Message | undefined) {
    return (call: ServerUnaryCall<Message, Message>, callback: sendUnaryData<Message>): void => {
      this.calls.add(method, call.request);
      const message = answer(call.request);
      if (message !== undefined) callback(null, message);
    };
  }

  #watch(call: ServerStream): void {
    this.calls.add("WatchPieces", call.request);
    this.#watches.add(call);
    call.on("cancelled", () => this.#watches.delete(call));
    const first = { offered: this.#behaviour.offered ?? everyPiece(this.#content.pieceCount), load: { slotsTaken: 0, slotsMax: 16 } };
    const reply = new StreamReply(call);
    if (this.#behaviour.watchPieces === undefined) void reply.send(first);
    else void this.#behaviour.watchPieces(first, reply);
  }

  #pieceRequest(request: Message): PieceRequest {
    const piece = request["pieceIndex"] as number;
    const offset = request["offset"] as number;
    const bytes = (request["length"] as number) || this.#content.pieceBytes(piece) - offset;
    return { piece, pieceCount: (request["pieceCount"] as number) || 1, offset, bytes };
  }
}

/** A bitmap of that many ones. */
export function everyPiece(pieceCount: number): Buffer {
  const bitmap = Buffer.alloc(Math.ceil(pieceCount / 8));
  for (let piece = 0; piece < pieceCount; piece += 1) bitmap[piece >> 3]! |= 0x80 >> (piece & 7);
  return bitmap;
}

class StreamReply implements Reply {
  readonly #call: ServerStream;
  #isGranted = false;

  constructor(call: ServerStream) {
    this.#call = call;
  }

  get isOver(): boolean {
    return this.#call.cancelled || this.#call.destroyed;
  }

  grant(): void {
    if (this.#isGranted || this.isOver) return;
    this.#isGranted = true;
    this.#call.sendMetadata(new Metadata());
  }

  async send(message: Message): Promise<void> {
    if (this.isOver || this.#call.write(message)) return;
    const left = new AbortController();
    const gone = (): void => left.abort();
    this.#call.once("cancelled", gone);
    await once(this.#call, "drain", { signal: left.signal }).catch(() => {}); // Whoever has left needs no room.
    this.#call.off("cancelled", gone);
  }

  async sendRaw(bytes: Uint8Array): Promise<void> {
    // The stream of HTTP/2 below the call, which grpc-js does not show.
    const { stream } = (this.#call as unknown as { readonly call: { readonly stream: Writable } }).call;
    if (this.isOver || stream.write(bytes)) return;
    await nextTurn();
  }

  end(): void {
    if (!this.isOver) this.#call.end();
  }

  refuse(code: number, reason: string, retryAfterMs?: number): void {
    if (!this.isOver) this.#call.emit("error", statusOf(code, reason, retryAfterMs));
  }
}
