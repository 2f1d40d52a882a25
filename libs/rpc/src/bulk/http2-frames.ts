// The little of HTTP/2 (RFC 9113) that is needed to tell DATA frames from all others.

export const FRAME_HEADER_BYTES = 9;
/** Larger payloads are announced by a setting, which is left at its default. */
export const FRAME_PAYLOAD_BYTES_MAX = 16_384;

const DATA = 0;
const WINDOW_UPDATE = 8;
const END_STREAM = 0x1;
const PADDED = 0x8;

/** What comes out of a connection, in order. Views of bytes are valid during the call only. */
export interface FrameSink {
  /** Asked at the beginning of each DATA frame: whether its payload is wanted apart. */
  wants(stream: number): boolean;
  /** A DATA frame that is wanted begins; `bytes`, padding included, is what it takes from the windows. */
  onDataFrame(stream: number, bytes: number): void;
  onData(stream: number, part: Buffer): void;
  /** Bytes of all other frames; a DATA frame that was taken out and ended its stream is among them, without a payload. */
  onOther(bytes: Buffer): void;
}

/** Takes the bytes that a server sends apart, however they are cut. Throws on DATA frames that no server may send. */
export class FrameScanner {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  /** Of the current frame: the stream if its payload is taken out. */
  #stream = 0;
  #isTaken = false;
  #isPadded = false;
  #endsStream = false;
  #payloadLeft = 0;
  #paddingBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  write(bytes: Buffer): void {
    let at = 0;
    // Frames that are passed on and follow each other are passed on as one.
    let passedFrom = 0;
    const passOn = (end: number): void => {
      if (end > passedFrom) this.#sink.onOther(bytes.subarray(passedFrom, end));
    };
    while (at < bytes.length) {
      if (this.#headerBytes < FRAME_HEADER_BYTES) {
        const headerFrom = at - this.#headerBytes;
        const copied = bytes.copy(this.#header, this.#headerBytes, at, at + FRAME_HEADER_BYTES - this.#headerBytes);
        this.#headerBytes += copied;
        at += copied;
        if (this.#headerBytes < FRAME_HEADER_BYTES) {
          // It is passed on when it is known what it is of.
          passOn(Math.max(headerFrom, 0));
          return;
        }
        this.#readHeader();
        if (this.#isTaken) passOn(headerFrom);
        else if (headerFrom < 0) {
          this.#sink.onOther(Buffer.from(this.#header.subarray(0, -headerFrom)));
        }
        if (this.#isTaken) passedFrom = at;
      }
      const end = Math.min(bytes.length, at + this.#payloadLeft);
      if (this.#isTaken) {
        this.#take(bytes, at, end);
        passedFrom = end;
      }
      this.#payloadLeft -= end - at;
      at = end;
      if (this.#payloadLeft === 0) this.#endFrame();
    }
    passOn(bytes.length);
  }

  #readHeader(): void {
    this.#payloadLeft = this.#header.readUIntBE(0, 3);
    this.#stream = this.#header.readUInt32BE(5) & 0x7fff_ffff;
    const flags = this.#header.readUInt8(4);
    this.#isTaken = this.#header.readUInt8(3) === DATA && this.#sink.wants(this.#stream);
    if (!this.#isTaken) return;
    if (this.#payloadLeft > FRAME_PAYLOAD_BYTES_MAX) throw new Error(`a DATA frame of ${this.#payloadLeft} bytes`);
    this.#isPadded = (flags & PADDED) !== 0;
    if (this.#isPadded && this.#payloadLeft === 0) throw new Error("a padded DATA frame without the length of its padding");
    this.#endsStream = (flags & END_STREAM) !== 0;
    this.#paddingBytes = 0;
    this.#sink.onDataFrame(this.#stream, this.#payloadLeft);
  }

  #take(bytes: Buffer, at: number, end: number): void {
    let from = at;
    if (this.#isPadded && from < end) {
      this.#isPadded = false;
      this.#paddingBytes = bytes.readUInt8(from);
      from += 1;
      if (this.#paddingBytes > this.#payloadLeft - 1) throw new Error("a DATA frame with more padding than payload");
    }
    const dataEnd = Math.min(end, at + this.#payloadLeft - this.#paddingBytes);
    if (dataEnd > from) this.#sink.onData(this.#stream, bytes.subarray(from, dataEnd));
  }

  #endFrame(): void {
    this.#headerBytes = 0;
    if (!this.#isTaken) return;
    this.#isTaken = false;
    if (this.#endsStream) this.#sink.onOther(frameHeader(0, DATA, END_STREAM, this.#stream));
  }
}

/** A WINDOW_UPDATE frame; stream 0 is the connection. */
export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return Buffer.concat([frameHeader(payload.length, WINDOW_UPDATE, 0, stream), payload]);
}

export function frameHeader(payloadBytes: number, type: number, flags: number, stream: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payloadBytes, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return header;
}
