import { fileURLToPath } from "node:url";
import { Client, credentials, type MethodDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** The .proto files as an independent library reads them: the wire format that both sides are held to. */
const loaded = loadSync(
  ["piecewise/v1/peer.proto", "piecewise/v1/tracker.proto", "grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto"],
  { includeDirs: [`${root}proto`, `${root}third_party/proto`], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true },
);

/** A message as plain data, with the field names of the .proto file. */
export type PlainMessage = Record<string, unknown>;

/** A method of a service by its full name, such as `piecewise.v1.PeerService` and `GetPiece`. */
export function dynamicMethod(service: string, method: string): MethodDefinition<PlainMessage, PlainMessage> {
  const definition = loaded[service];
  if (definition === undefined || "format" in definition) throw new Error(`no service ${service}`);
  const found = (definition as Record<string, MethodDefinition<PlainMessage, PlainMessage>>)[method];
  if (found === undefined) throw new Error(`no method ${method}`);
  return found;
}

/** A client in the manner of any other language: it knows the .proto files and nothing of this library. */
export class DynamicClient implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.use_local_subchannel_pool": 1 });
  }

  unary(service: string, name: string, request: PlainMessage): Promise<PlainMessage> {
    const { path, requestSerialize, responseDeserialize } = dynamicMethod(service, name);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error: ServiceError | null, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? {});
      });
    });
  }

  serverStream(service: string, name: string, request: PlainMessage) {
    const { path, requestSerialize, responseDeserialize } = dynamicMethod(service, name);
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  bidiStream(service: string, name: string) {
    const { path, requestSerialize, responseDeserialize } = dynamicMethod(service, name);
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
