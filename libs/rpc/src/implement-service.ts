import type { DescMessage, DescMethod, DescService, Message, MessageInitShape } from "@bufbuild/protobuf";
import { assert, AssertionError, type Logger, PiecewiseError, UsageError } from "@piecewise/base";
import type {
  deserialize,
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  serialize,
  ServerDuplexStream,
  ServerWritableStream,
  StatusObject,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import { createCallContext } from "./call-context.js";
import { connectedHost, type CallerHost } from "./caller-host.js";
import type { CallContext, ServiceHandlers, StreamWriter } from "./handlers.js";
import { plainBytes, type ResponseCodecs } from "./message-codec.js";
import { methodCodecs } from "./service-definition.js";
import { StandardStatusError, toStatus } from "./status.js";
import { createStreamWriter } from "./stream-writer.js";

type Response = MessageInitShape<DescMessage>;
type UnaryHandler = (request: Message, context: CallContext) => Promise<Response> | Response;
type StreamHandler<Request> = (request: Request, context: CallContext, stream: StreamWriter<Response>) => Promise<void>;

/** A service with its handlers, ready for `startRpcServer`. */
export interface ServiceImplementation {
  readonly service: DescService;
  /** For the server: the methods as grpc-js wants them. What goes wrong inside handlers is logged. `callerHost` says who calls. */
  methods(logger: Logger, callerHost?: CallerHost): readonly RpcMethod[];
}

export interface RpcMethod {
  readonly path: string;
  readonly type: "unary" | "serverStream" | "bidi";
  readonly serialize: serialize<Response>;
  readonly deserialize: deserialize<Received>;
  readonly handle: UntypedHandleCall;
}

/** A request whose bytes are no such message. It travels on as a value so that the caller is told what grpc-js would not say. */
class MalformedRequest {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

type Received = Message | MalformedRequest;

/** Joins a generated service with its handlers. A codec given for a method takes the place of the general one. */
export function implementService<Service extends DescService>(
  service: Service,
  handlers: ServiceHandlers<Service>,
  codecs: ResponseCodecs<Service> = {},
): ServiceImplementation {
  const handlerOf = (method: DescMethod): unknown => (handlers as Record<string, unknown>)[method.localName];
  return {
    service,
    methods: (logger, callerHost = connectedHost) =>
      service.methods.map((method) => {
        const report = createReporter(methodCodecs(method, codecs).path, logger);
        return createMethod(method, handlerOf(method), codecs, { report, callerHost });
      }),
  };
}

/** What handling a call needs besides its handler. */
interface Surroundings {
  readonly report: Reporter;
  readonly callerHost: CallerHost;
}

function createMethod(method: DescMethod, handler: unknown, codecs: ResponseCodecs<DescService>, surroundings: Surroundings): RpcMethod {
  const { path, request, response } = methodCodecs(method, codecs);
  const { report } = surroundings;
  return {
    path,
    serialize(message) {
      try {
        // Of the Buffer that its type asks for, grpc-js uses only what every EncodedMessage has; a test watches over that.
        return response.encode(message) as Buffer;
      } catch (error) {
        report(error);
        throw error;
      }
    },
    deserialize(bytes) {
      try {
        return request.decode(plainBytes(bytes));
      } catch (cause) {
        return new MalformedRequest(cause);
      }
    },
    ...createHandle(method, handler, surroundings),
  };
}

function createHandle(method: DescMethod, handler: unknown, surroundings: Surroundings): Pick<RpcMethod, "type" | "handle"> {
  assert(method.methodKind !== "client_streaming", `${method.name} streams from the client, which nothing here supports`);
  switch (method.methodKind) {
    case "unary":
      return { type: "unary", handle: handleUnary(handler as UnaryHandler, surroundings) };
    case "server_streaming":
      return { type: "serverStream", handle: handleServerStream(handler as StreamHandler<Message>, surroundings) };
    case "bidi_streaming":
      return { type: "bidi", handle: handleBidiStream(handler as StreamHandler<AsyncIterable<Message>>, surroundings) };
  }
}

function handleUnary(handler: UnaryHandler, { report, callerHost }: Surroundings): handleUnaryCall<Received, Response> {
  return async (call, callback) => {
    const context = createCallContext(call, callerHost(call));
    try {
      const response = await handler(wellFormed(call.request), context);
      context.end();
      callback(null, response);
    } catch (error) {
      const status = report(error, context.signal);
      context.end();
      callback(status);
    }
  };
}

const handleServerStream =
  (handler: StreamHandler<Message>, surroundings: Surroundings): handleServerStreamingCall<Received, Response> =>
  (call) =>
    runStream(call, surroundings, (context, stream) => handler(wellFormed(call.request), context, stream));

const handleBidiStream =
  (handler: StreamHandler<AsyncIterable<Message>>, surroundings: Surroundings): handleBidiStreamingCall<Received, Response> =>
  (call) =>
    runStream(call, surroundings, (context, stream) => handler(requestsOf(call), context, stream));

async function runStream(
  call: ServerWritableStream<Received, Response> | ServerDuplexStream<Received, Response>,
  { report, callerHost }: Surroundings,
  run: (context: CallContext, stream: StreamWriter<Response>) => Promise<void>,
): Promise<void> {
  const context = createCallContext(call, callerHost(call));
  const stream = createStreamWriter<Response>(call);
  call.once("close", stream.end);
  let status: StatusObject | undefined;
  try {
    await run(context, stream);
  } catch (error) {
    status = report(error, context.signal);
  }
  context.end();
  stream.end();
  // Both let what was written before go out first.
  if (status === undefined) call.end();
  else call.emit("error", status);
}

async function* requestsOf(call: ServerDuplexStream<Received, Response>): AsyncIterable<Message> {
  // The end of the requests must not take the answers that are still to come with it.
  for await (const request of call.iterator({ destroyOnReturn: false }) as AsyncIterable<Received>) yield wellFormed(request);
}

function wellFormed(request: Received): Message {
  if (!(request instanceof MalformedRequest)) return request;
  const why = request.cause instanceof Error ? `: ${request.cause.message}` : "";
  throw new UsageError("INVALID_ARGUMENT", `the request cannot be read${why}`, { cause: request.cause });
}

/** Turns what a handler threw into the status of its call, and makes sure that somebody hears of what callers are not told. */
type Reporter = (error: unknown, signal?: AbortSignal) => StatusObject;

const createReporter =
  (path: string, logger: Logger): Reporter =>
  (error, signal) => {
    if (error instanceof AssertionError) {
      process.nextTick(() => {
        throw error;
      });
    }
    const isExpected = error instanceof PiecewiseError || error instanceof StandardStatusError;
    // A handler whose caller has left may fail in any way.
    if (!isExpected && signal?.aborted !== true) logger.error({ path, error }, "a call failed unexpectedly");
    return toStatus(error);
  };
