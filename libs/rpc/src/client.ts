import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { RpcChannel } from "./channel.js";
import type { ResponseCodecs } from "./message-codec.js";
import { type ClientStream, startServerStream, type StreamListener } from "./server-stream-call.js";
import { methodCodecs } from "./service-definition.js";
import { callUnary, type UnaryCallOptions } from "./unary-call.js";

/**
 * A client of a generated service. Unary methods resolve or throw a PiecewiseError (`RemoteError` with the address in `remote`); server
 * streams are started with a listener.
 */
export type ServiceClient<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethodUnary<infer Request, infer Response>
    ? (request: MessageInitShape<Request>, options: UnaryCallOptions) => Promise<MessageShape<Response>>
    : Service["method"][Name] extends DescMethodServerStreaming<infer Request, infer Response>
      ? (request: MessageInitShape<Request>, listener: StreamListener<MessageShape<Response>>) => ClientStream
      : never;
};

/** Creates a client of a generated service. Methods that stream from the client are left out. */
export function createClient<Service extends DescService>(
  service: Service,
  channel: RpcChannel,
  codecs: ResponseCodecs<Service> = {},
): ServiceClient<Service> {
  const methods = service.methods.map((method) => [method.localName, createMethod(method, channel, codecs)]);
  return Object.fromEntries(methods.filter(([, call]) => call !== undefined));
}

function createMethod(method: DescMethod, channel: RpcChannel, codecs: ResponseCodecs<DescService>): unknown {
  const { path, request, response } = methodCodecs(method, codecs);
  switch (method.methodKind) {
    case "unary":
      return (message: Message, options: UnaryCallOptions) => callUnary(channel, path, request.encode(message), response, options);
    case "server_streaming":
      return (message: Message, listener: StreamListener<Message>) =>
        startServerStream(channel, path, request.encode(message), response, listener);
    case "client_streaming":
    case "bidi_streaming":
      return undefined;
  }
}
