import { fileURLToPath } from "node:url";
import { Client, type ClientReadableStream, type Metadata, type MethodDefinition, type ServiceError, credentials } from "@grpc/grpc-js";
import { type MessageTypeDefinition, loadSync } from "@grpc/proto-loader";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const includeDirs = [`${root}proto`, `${root}third_party/proto`];

const methods = loadSync("piecewise/v1/tracker.proto", {
  includeDirs,
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
  arrays: true,
  oneofs: true,
})["piecewise.v1.TrackerService"] as Record<string, MethodDefinition<object, unknown>>;

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
export class DynamicTracker implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.use_local_subchannel_pool": 1 });
  }

  call<Response>(name: string, request: object): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = methods[name]!;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: Date.now() + 20_000 },
        (error, response) => {
          if (error === null) resolve(response as Response);
          else reject(error);
        },
      );
    });
  }

  /** Makes a call that nobody waits for; returns how to hang up. */
  start(name: string, request: object): () => void {
    const { path, requestSerialize, responseDeserialize } = methods[name]!;
    const call = this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, () => {});
    return () => call.cancel();
  }

  /** Makes a call that has to fail. */
  async fail(name: string, request: object): Promise<Failure> {
    try {
      await this.call(name, request);
    } catch (error) {
      return toFailure(error as ServiceError);
    }
    throw new Error(`${name} did not fail`);
  }

  watch(request: object): DynamicWatch {
    const { path, requestSerialize, responseDeserialize } = methods["WatchPeers"]!;
    return new DynamicWatch(this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request));
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

export interface WatchMessage {
  readonly added: readonly { address: string; peer_id: Buffer; pieces_held: number }[];
  readonly removed: readonly string[];
}

/** One WatchPeers stream. */
export class DynamicWatch {
  /** Resolves when the stream has failed. */
  readonly failed: Promise<Failure>;
  readonly #stream: ClientReadableStream<unknown>;
  readonly #messages: AsyncIterator<WatchMessage>;

  constructor(stream: ClientReadableStream<unknown>) {
    this.#stream = stream;
    this.failed = new Promise((resolve) => {
      stream.once("error", (error) => resolve(toFailure(error as ServiceError)));
    });
    this.#messages = stream[Symbol.asyncIterator]() as AsyncIterator<WatchMessage>;
  }

  /** The next message, heartbeats included. */
  async next(): Promise<WatchMessage> {
    const { value, done } = await this.#messages.next();
    if (done === true) throw new Error("the watch ended");
    return value;
  }

  cancel(): void {
    this.#stream.cancel();
  }
}

function toFailure(error: { code: number; details: string; metadata: Metadata }): Failure {
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
