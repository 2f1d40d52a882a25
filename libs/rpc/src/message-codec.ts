import { create, type DescMessage, type DescService, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";

/** What grpc-js needs of a serialized message: its length, and that it copies itself into the frame. Any `Buffer` is one. */
export interface EncodedMessage {
  readonly byteLength: number;
  /** Writes all bytes at `start` of `target`; returns how many. */
  copy(target: Uint8Array, start?: number): number;
}

/** Turns messages of one type into bytes and back. */
export interface MessageCodec<Init, Message, Encoded extends EncodedMessage = EncodedMessage> {
  encode(message: Init): Encoded;
  /** May return views into `bytes`. Throws on bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
}

/** Replacements for the codecs of single methods' responses, where the general one is too slow. Both sides choose for themselves. */
export type ResponseCodecs<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]?: MessageCodec<
    MessageInitShape<Service["method"][Name]["output"]>,
    MessageShape<Service["method"][Name]["output"]>
  >;
};

/** The general codec of a generated message type. */
export function createMessageCodec<Schema extends DescMessage>(
  schema: Schema,
): MessageCodec<MessageInitShape<Schema>, MessageShape<Schema>, Buffer> {
  return {
    encode(message) {
      const bytes = toBinary(schema, create(schema, message));
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    // Unknown fields are of no use here and would only hold memory.
    decode: (bytes) => fromBinary(schema, bytes, { readUnknownFields: false }),
  };
}

/** The same bytes without the class: `slice` of a Buffer shares memory where everybody who holds a Uint8Array counts on a copy. */
export const plainBytes = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
