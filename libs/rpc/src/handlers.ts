import type {
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

/** What a handler knows of the call. */
export interface CallContext {
  /** Observed IP address of the caller, without port; IPv4 in dotted form also when it came in mapped into IPv6. */
  readonly remoteHost: string;
  /** Aborted when the caller cancelled, the connection was lost, or the deadline passed. */
  readonly signal: AbortSignal;
}

/** The sending half of a server stream. */
export interface StreamWriter<Message> {
  /** Sends initial metadata now instead of with the first message. */
  sendHeaders(): void;
  /**
   * Sends a message. False: the transport has enough, wait for `drained()` before the next one. The bytes of the message are read until
   * it was sent: do not reuse their memory. A message that is disposable is disposed of then. Once the call is over nothing is sent and
   * the answer is false.
   */
  write(message: Message): boolean;
  /** Resolves when the transport has room again or the call is over. */
  drained(): Promise<void>;
  /** Resolves when the transport has sent everything that it was given, or the call is over. */
  sent(): Promise<void>;
}

/**
 * The implementation of a generated service, method by method. A handler that throws a PiecewiseError ends the call with its code and
 * details; anything else becomes INTERNAL without a word of what it was, and is logged.
 */
export type ServiceHandlers<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethodUnary<infer Request, infer Response>
    ? (request: MessageShape<Request>, context: CallContext) => Promise<MessageInitShape<Response>> | MessageInitShape<Response>
    : Service["method"][Name] extends DescMethodServerStreaming<infer Request, infer Response>
      ? (request: MessageShape<Request>, context: CallContext, stream: StreamWriter<MessageInitShape<Response>>) => Promise<void>
      : Service["method"][Name] extends DescMethodBiDiStreaming<infer Request, infer Response>
        ? (
            requests: AsyncIterable<MessageShape<Request>>,
            context: CallContext,
            stream: StreamWriter<MessageInitShape<Response>>,
          ) => Promise<void>
        : never;
};
