import streamDecoder from "@grpc/grpc-js/build/src/stream-decoder.js";
import { FrameAssembler } from "./frame-assembler.js";

interface Decoder {
  write(part: Buffer): Buffer[];
}

/**
 * Has grpc-js put messages together with a `FrameAssembler` on connections where messages have just this maximum. By itself it keeps all
 * parts of a message and copies them at its end. It has no setting for that: its module is changed, which a test watches over.
 */
export function assembleFramesUpTo(messageBytesMax: number): void {
  const { StreamDecoder } = streamDecoder;
  const createDecoder = function decoder(maxReadMessageLength: number): Decoder {
    return maxReadMessageLength === messageBytesMax ? new FrameAssembler(messageBytesMax) : new StreamDecoder(maxReadMessageLength);
  };
  Object.assign(streamDecoder, { StreamDecoder: createDecoder });
}
