import serverInterceptors from "@grpc/grpc-js/build/src/server-interceptors.js";
import { FramedChunk } from "./framed-chunk.js";

interface Serializer {
  serializeMessage(message: unknown): Buffer;
}

/**
 * Has the servers of grpc-js send a `FramedChunk` as it is. By itself grpc-js copies every message into a frame of its own. It has no
 * setting for that: its module is changed, which a test watches over. Without it chunks go out by way of their codec.
 */
export function sendFramedChunks(): void {
  const serializer = serverInterceptors.BaseServerInterceptingCall.prototype as unknown as Serializer;
  const { serializeMessage } = serializer;
  serializer.serializeMessage = function frameOf(message) {
    return message instanceof FramedChunk ? message.toFrame() : serializeMessage.call(this, message);
  };
}
