import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect, type Socket } from "node:net";
import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { formatHostPort, GrpcCode, type HostPort } from "@piecewise/base";
import { createMessageCodec, plainBytes } from "./message-codec.js";

const PREFIX_BYTES = 5;
/** Fields of the headers of an answer, of which gRPC needs four. */
const HEADER_FIELDS_MAX = 64;
/** What HTTP/2 may hold of one connection, in MB. */
const SESSION_MEMORY_MB_MAX = 1;

export interface StrangerCall {
  /** An IP address and a port: no name is looked up. */
  readonly address: HostPort;
  /** For all of it, the connection included. */
  readonly timeoutMs: number;
  /** Bytes of the answer. A longer one is none. */
  readonly answerBytesMax: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes one unary call to whoever may listen somewhere, on a connection of its own that is gone without a trace when this resolves: a
 * channel of grpc-js leaves connections that are never answered to the system, for minutes. The answer, or undefined: why there is none
 * does not matter to those who dial at the word of others, and they must not pass it on.
 */
export async function callStranger<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodUnary<Input, Output>,
  request: MessageInitShape<Input>,
  call: StrangerCall,
): Promise<MessageShape<Output> | undefined> {
  if (call.signal?.aborted === true) return undefined;
  const socket = connect({ host: call.address.host, port: call.address.port, noDelay: true });
  const session = openSession(socket, formatHostPort(call.address));
  const path = `/${method.parent.typeName}/${method.name}`;
  const answer = await new Promise<Buffer | undefined>((resolve) => {
    const fail = (): void => resolve(undefined);
    const timer = setTimeout(fail, call.timeoutMs);
    call.signal?.addEventListener("abort", fail, { once: true });
    socket.once("close", fail);
    session.once("error", fail);
    session.once("close", () => {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", fail);
    });
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      te: "trailers",
      "content-type": "application/grpc",
      "grpc-timeout": `${call.timeoutMs}m`,
    });
    readAnswer(stream, call.answerBytesMax, resolve);
    stream.end(framed(createMessageCodec(method.input).encode(request)));
  });
  session.destroy();
  socket.destroy();
  return answer === undefined ? undefined : decodeAnswer(method.output, answer);
}

function openSession(socket: Socket, authority: string): ClientHttp2Session {
  // What ends the connection ends the session, which is listened to.
  socket.on("error", () => {});
  const session = connectHttp2(`http://${authority}`, {
    createConnection: () => socket,
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    maxHeaderListPairs: HEADER_FIELDS_MAX,
    settings: { enablePush: false },
  });
  session.on("error", () => {});
  return session;
}

/** Resolves with the frame of the one message that came, if the call ended well. */
function readAnswer(stream: ClientHttp2Stream, answerBytesMax: number, resolve: (answer: Buffer | undefined) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  let status: unknown;
  stream.on("error", () => resolve(undefined));
  stream.on("trailers", (trailers) => {
    status = trailers["grpc-status"];
  });
  stream.on("data", (part: Buffer) => {
    bytes += part.length;
    parts.push(part);
    if (bytes > PREFIX_BYTES + answerBytesMax) resolve(undefined);
  });
  stream.on("end", () => resolve(status === String(GrpcCode.OK) ? Buffer.concat(parts) : undefined));
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, PREFIX_BYTES);
  return frame;
}

function decodeAnswer<Output extends DescMessage>(schema: Output, frame: Buffer): MessageShape<Output> | undefined {
  const isWhole = frame.length >= PREFIX_BYTES && frame[0] === 0 && frame.readUInt32BE(1) === frame.length - PREFIX_BYTES;
  if (!isWhole) return undefined;
  try {
    return createMessageCodec(schema).decode(plainBytes(frame.subarray(PREFIX_BYTES)));
  } catch {
    // Bytes that are no such message are no answer.
    return undefined;
  }
}
