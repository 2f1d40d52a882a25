import { getTextEncoding } from "@bufbuild/protobuf/wire";

/** Whether `text` takes more than `bytesMax` bytes as UTF-8. */
export const exceedsUtf8 = (text: string, bytesMax: number): boolean =>
  // A UTF-16 code unit becomes 1 to 3 bytes, so most texts need not be encoded to know.
  text.length > bytesMax || (text.length * 3 > bytesMax && getTextEncoding().encodeUtf8(text).length > bytesMax);
