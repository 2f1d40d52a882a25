import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { CallLog } from "./call-log.js";
import { type ListenOn, ON_LOOPBACK } from "./lying-peer.js";
import { type Message, serviceOf, statusOf } from "./plain-grpc.js";

/** Its answers by method; undefined never answers. A method without one is refused. */
export type TrackerAnswers = Readonly<Record<string, (request: Message) => Message | undefined>>;

const MESSAGE_BYTES_MAX = 64 * 1_048_576;

/** What an honest tracker says to Register and Renew. */
export const lease = { leaseToken: Buffer.alloc(16, 7), lease: { seconds: 30 }, renewAfter: { seconds: 10 }, listedAddress: "127.0.0.1:4" };

/** A tracker that says what it likes. It listens on 127.0.0.1 unless told otherwise. */
export class LyingTracker implements AsyncDisposable {
  readonly calls = new CallLog();
  readonly #answers: TrackerAnswers;
  readonly #server = new Server({ "grpc.max_send_message_length": MESSAGE_BYTES_MAX });
  readonly #host: string;
  #port: number;

  private constructor(answers: TrackerAnswers, { host, port }: ListenOn) {
    this.#host = host;
    this.#port = port;
    this.#answers = { Register: () => lease, Renew: () => lease, Unregister: () => ({}), ...answers };
  }

  static async start(answers: TrackerAnswers, listen: ListenOn = ON_LOOPBACK): Promise<LyingTracker> {
    const tracker = new LyingTracker(answers, listen);
    await tracker.#listen();
    return tracker;
  }

  get address(): string {
    return `${this.#host}:${this.#port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    return Promise.resolve();
  }

  async #listen(): Promise<void> {
    const service = serviceOf("piecewise.v1.TrackerService");
    this.#server.addService(service, Object.fromEntries(Object.keys(service).map((method) => [method, this.#handlerOf(method)])));
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(this.address, ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
    });
  }

  #handlerOf(method: string) {
    return ({ request }: ServerUnaryCall<Message, Message>, callback: sendUnaryData<Message>): void => {
      this.calls.add(method, request);
      const answer = this.#answers[method];
      if (answer === undefined) {
        callback(statusOf(status.NOT_FOUND, "CONTENT_NOT_FOUND"));
        return;
      }
      const message = answer(request);
      if (message !== undefined) callback(null, message);
    };
  }
}
