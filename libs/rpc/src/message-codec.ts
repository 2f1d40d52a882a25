import { create, type DescMessage, type DescService, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/**
 * Fields of a message that is read, each item of a list counted. Two bytes can be an item of which parsing makes an object: a message of
 * 4 MiB would keep a process busy for seconds, and take some hundred MiB.
 */
export const MESSAGE_FIELDS_MAX = 65_536;
/** A tag and a length or a number. */
const FIELD_BYTES_MIN = 2;

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
    decode(bytes) {
      checkFieldCount(bytes);
      // Unknown fields are of no use here and would only hold memory.
      return fromBinary(schema, bytes, { readUnknownFields: false });
    },
  };
}

function checkFieldCount(bytes: Uint8Array): void {
  if (bytes.length <= MESSAGE_FIELDS_MAX * FIELD_BYTES_MIN) return;
  const reader = new BinaryReader(bytes);
  for (let fields = 0; reader.pos < reader.len; fields += 1) {
    if (fields === MESSAGE_FIELDS_MAX) throw new RangeError(`it has more than ${MESSAGE_FIELDS_MAX} fields`);
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
  }
}

/** The same bytes without the class: `slice` of a Buffer shares memory where everybody who holds a Uint8Array counts on a copy. */
export const plainBytes = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
