import { fileURLToPath } from "node:url";
import { Client, type ClientReadableStream, credentials, Metadata, type MethodDefinition, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

const root = fileURLToPath(new URL("..", import.meta.url));
const PROTO_FILES = [
  "piecewise/v1/peer.proto",
  "piecewise/v1/tracker.proto",
  "piecewise/v1/manifest.proto",
  "google/rpc/error_details.proto",
  "google/rpc/status.proto",
  "grpc/health/v1/health.proto",
];
/** The .proto files as an independent library reads them. */
const definitions = loadSync(PROTO_FILES, {
  includeDirs: [`${root}proto`, `${root}third_party/proto`],
  longs: Number,
  enums: String,
  defaults: true,
});
const DETAILS_KEY = "grpc-status-details-bin";
const CONNECT_TIMEOUT_MS = 10_000;

/** A message as plain data; names of fields in camel case. */
export type Message = Record<string, unknown>;
export type ServiceName = "piecewise.v1.PeerService" | "piecewise.v1.TrackerService" | "grpc.health.v1.Health";

export const serviceOf = (name: ServiceName): Record<string, MethodDefinition<Message, Message>> =>
  definitions[name] as Record<string, MethodDefinition<Message, Message>>;

/** Serializes a message, whether or not it is one that a well-behaved program would make. */
export const encodeMessage = (type: string, message: Message): Buffer => typeOf(type).serialize(message);

const typeOf = (type: string): MessageTypeDefinition<Message, Message> => definitions[type] as MessageTypeDefinition<Message, Message>;

/** A status as our own servers make it: with a reason, and with the time to wait if there is one. */
export function statusOf(code: number, reason: string, retryAfterMs?: number): StatusObject {
  const details = [packed("google.rpc.ErrorInfo", { reason, domain: "piecewise" })];
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: Math.floor(retryAfterMs / 1000), nanos: (retryAfterMs % 1000) * 1_000_000 };
    details.push(packed("google.rpc.RetryInfo", { retryDelay }));
  }
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, encodeMessage("google.rpc.Status", { code, message: reason, details }));
  return { code, details: reason, metadata };
}

const packed = (type: string, message: Message): Message => ({ type_url: `type.googleapis.com/${type}`, value: encodeMessage(type, message) });

/** What a call that failed says to programs. */
export interface Refusal {
  readonly code: number;
  readonly reason: string | undefined;
  readonly hasRetryInfo: boolean;
  readonly text: string;
}

export function refusalOf({ code, details, metadata }: Pick<ServiceError, "code" | "details" | "metadata">): Refusal {
  const [bytes] = metadata.get(DETAILS_KEY);
  const packedDetails = Buffer.isBuffer(bytes) ? (typeOf("google.rpc.Status").deserialize(bytes)["details"] as Packed[]) : [];
  const find = (type: string): Packed | undefined => packedDetails.find(({ type_url: url }) => url.endsWith(`/${type}`));
  const info = find("google.rpc.ErrorInfo");
  const reason = info && (typeOf("google.rpc.ErrorInfo").deserialize(info.value)["reason"] as string);
  return { code, reason, hasRetryInfo: find("google.rpc.RetryInfo") !== undefined, text: details };
}

interface Packed {
  readonly type_url: string;
  readonly value: Buffer;
}

/** How a call went that streams: what came, and why it ended if it did not end well. */
export interface StreamOutcome {
  readonly messages: readonly Message[];
  readonly refusal: Refusal | undefined;
}

/** A client as anybody writes one who has the .proto files and nothing else. One connection. */
export class PlainClient implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.use_local_subchannel_pool": 1 });
  }

  /** Rejects with a ServiceError. */
  unary(service: ServiceName, method: string, request: Message, metadata = new Metadata()): Promise<Message> {
    const { path, requestSerialize, responseDeserialize } = serviceOf(service)[method]!;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, answer) => {
        if (error === null) resolve(answer!);
        else reject(error);
      });
    });
  }

  /** A stream that the caller reads or cancels; it fails with a ServiceError. */
  stream(service: ServiceName, method: string, request: Message): ClientReadableStream<Message> {
    const { path, requestSerialize, responseDeserialize } = serviceOf(service)[method]!;
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  /** Reads a stream to its end. */
  readStream(service: ServiceName, method: string, request: Message): Promise<StreamOutcome> {
    const messages: Message[] = [];
    const stream = this.stream(service, method, request);
    stream.on("data", (message: Message) => messages.push(message));
    return new Promise((resolve) => {
      stream.on("end", () => resolve({ messages, refusal: undefined }));
      stream.on("error", (error: ServiceError) => resolve({ messages, refusal: refusalOf(error) }));
    });
  }

  /** Resolves when the connection stands. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
