import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type MethodDefinition, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const service = loadSync("piecewise/v1/peer.proto", { includeDirs: [`${root}proto`, `${root}third_party/proto`], keepCase: true })[
  "piecewise.v1.PeerService"
] as Record<string, MethodDefinition<unknown, unknown>>;

interface IdentifyAnswer {
  readonly peer_id: Uint8Array;
  readonly nonce: Uint8Array;
  readonly other_peer_ids?: readonly Uint8Array[];
}

type Answer = (nonce: Uint8Array) => IdentifyAnswer;

/** A peer in the manner of any other language that does nothing but say who it is. */
export class DynamicPeer implements Disposable {
  readonly peer_id: Buffer;
  /** Where it listens, on loopback. */
  port = 0;
  /** How often it was asked. */
  asked = 0;
  readonly #server = new Server();

  private constructor(peer_id: Buffer) {
    this.peer_id = peer_id;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** @param answer what it says; by default the truth. */
  static async start(peer_id = randomBytes(16), answer: Answer = (nonce) => ({ peer_id, nonce })): Promise<DynamicPeer> {
    const peer = new DynamicPeer(peer_id);
    await peer.#listen(answer);
    return peer;
  }

  async #listen(answer: Answer): Promise<void> {
    const identify = (call: ServerUnaryCall<{ nonce: Uint8Array }, IdentifyAnswer>, callback: sendUnaryData<IdentifyAnswer>): void => {
      this.asked += 1;
      callback(null, answer(call.request.nonce));
    };
    this.#server.addService({ Identify: service["Identify"]! }, { Identify: identify });
    this.port = await new Promise<number>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      this.#server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
    });
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown();
  }
}
