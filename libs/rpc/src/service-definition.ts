import type { DescMessage, DescMethod, DescService, Message, MessageInitShape } from "@bufbuild/protobuf";
import { createMessageCodec, type MessageCodec, type ResponseCodecs } from "./message-codec.js";

/** How one method goes over the wire. */
export interface MethodCodecs {
  /** The path of its HTTP/2 requests. */
  readonly path: string;
  readonly request: MessageCodec<MessageInitShape<DescMessage>, Message, Buffer>;
  readonly response: MessageCodec<MessageInitShape<DescMessage>, Message>;
}

/** Derives the path and the codecs of a generated method; a codec given for it takes the place of the general one. */
export function methodCodecs(method: DescMethod, codecs: ResponseCodecs<DescService>): MethodCodecs {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    request: createMessageCodec(method.input),
    response: codecs[method.localName] ?? createMessageCodec(method.output),
  };
}
