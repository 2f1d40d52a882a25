import { randomBytes } from "node:crypto";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { type Message, serviceOf } from "./plain-grpc.js";

/** A peer that says who it is, and serves nothing. */
export class IdentifyingPeer implements Disposable {
  readonly peerId: Buffer;
  /** How often it was asked who it is. */
  asked = 0;
  readonly #server = new Server();
  #port = 0;

  private constructor(peerId: Buffer) {
    this.peerId = peerId;
  }

  /** On loopback. @param claims the id that it answers with, if it is not its own. */
  static async start({ peerId = randomBytes(16), claims = peerId }: { readonly peerId?: Buffer; readonly claims?: Buffer } = {}): Promise<IdentifyingPeer> {
    const peer = new IdentifyingPeer(peerId);
    const identify = (call: ServerUnaryCall<Message, Message>, callback: sendUnaryData<Message>): void => {
      peer.asked += 1;
      callback(null, { peerId: claims, nonce: call.request["nonce"] });
    };
    peer.#server.addService({ Identify: serviceOf("piecewise.v1.PeerService")["Identify"]! }, { Identify: identify });
    peer.#port = await new Promise((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      peer.#server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
    });
    return peer;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown();
  }
}
