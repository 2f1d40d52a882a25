import { fileURLToPath } from "node:url";
import { Client, type ClientReadableStream, credentials, type MethodDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const includeDirs = [`${root}proto`, `${root}third_party/proto`];

const methods = loadSync("piecewise/v1/peer.proto", {
  includeDirs,
  keepCase: true,
  longs: Number,
  defaults: true,
  arrays: true,
  objects: true,
})["piecewise.v1.PeerService"] as Record<string, MethodDefinition<object, unknown>>;

// With `json` the details, which are of any type, are taken apart, too.
const statusType = loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"], {
  includeDirs,
  keepCase: true,
  longs: Number,
  json: true,
})["google.rpc.Status"] as MessageTypeDefinition<
  object,
  { details?: { "@type": string; reason?: string; domain?: string; retry_delay?: { seconds?: number; nanos?: number } }[] }
>;

/** A call as it failed, with what its details say. */
export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** A client in the manner of any other language: it reads the .proto files with another library and knows nothing of this one. */
export class DynamicPeer implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.use_local_subchannel_pool": 1 });
  }

  /** Makes a call with one answer. */
  call<Response>(name: string, request: object): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = methods[name]!;
    const deadline = Date.now() + 20_000;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, response) => {
        if (error === null) resolve(response as Response);
        else reject(error);
      });
    });
  }

  /** Makes a call with a stream of answers, which nobody reads unless asked. */
  stream<Message>(name: string, request: object): DynamicStream<Message> {
    const { path, requestSerialize, responseDeserialize } = methods[name]!;
    return new DynamicStream(this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request));
  }

  /** Makes a call of either kind that has to fail. */
  async fail(name: string, request: object): Promise<Failure> {
    if (methods[name]!.responseStream) return this.stream(name, request).failure();
    try {
      await this.call(name, request);
    } catch (error) {
      return toFailure(error as ServiceError);
    }
    throw new Error(`${name} did not fail`);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** A stream of answers. */
export class DynamicStream<Message> {
  /** Resolves when initial metadata has come. */
  readonly granted: Promise<void>;
  /** Resolves when the call is over; undefined if it ended well. */
  readonly ended: Promise<Failure | undefined>;
  readonly #call: ClientReadableStream<unknown>;
  readonly #messages: AsyncIterator<Message>;

  constructor(call: ClientReadableStream<unknown>) {
    this.#call = call;
    this.granted = new Promise((resolve) => call.once("metadata", () => resolve()));
    this.ended = new Promise((resolve) => {
      call.once("error", (error: ServiceError) => resolve(toFailure(error)));
      call.once("end", () => resolve(undefined));
    });
    this.#messages = call[Symbol.asyncIterator]() as AsyncIterator<Message>;
  }

  /** The next message. @throws if there is none. */
  async next(): Promise<Message> {
    const { value, done } = await this.#messages.next();
    if (done === true) throw new Error("the stream ended");
    return value;
  }

  /** All messages that are left. @throws what the call failed with. */
  async rest(): Promise<Message[]> {
    const messages: Message[] = [];
    for (let next = await this.#messages.next(); next.done !== true; next = await this.#messages.next()) messages.push(next.value);
    return messages;
  }

  /** How the call fails, messages before that aside. */
  async failure(): Promise<Failure> {
    this.#call.resume();
    const failure = await this.ended;
    if (failure === undefined) throw new Error("the call did not fail");
    return failure;
  }

  cancel(): void {
    this.#call.cancel();
  }
}

function toFailure(error: ServiceError): Failure {
  const bytes = error.metadata.get("grpc-status-details-bin")[0];
  const details = bytes === undefined ? [] : (statusType.deserialize(bytes as Buffer).details ?? []);
  const info = details.find((detail) => detail["@type"].endsWith("google.rpc.ErrorInfo"));
  const delay = details.find((detail) => detail["@type"].endsWith("google.rpc.RetryInfo"))?.retry_delay;
  return {
    code: error.code,
    message: error.details,
    reason: info?.reason,
    domain: info?.domain,
    retryAfterMs: delay === undefined ? undefined : (delay.seconds ?? 0) * 1_000 + (delay.nanos ?? 0) / 1e6,
  };
}
