import type { StatusObject } from "@grpc/grpc-js";
import { GrpcCode } from "@piecewise/base";

/** What grpc-js says, now and then, when a connection was closed in good order before the status of a call came. */
const CUT_OFF = "Received RST_STREAM with code 0 (Call ended without gRPC status)";
const NOT_CONNECTED = /^No connection established\. Last error: (?:Error: )?(.*?)(?: \(\d{4}-\d\d-\d\dT[^)]*\))?\. Resolution note:.*$/s;
const NOT_RESOLVED = "Name resolution failed for target ";

/**
 * Puts a status that grpc-js made itself, because the connection failed, into words for people. A connection that was closed in the middle
 * of a call is one that was lost, whatever the code. Other statuses stay as they are.
 */
export function clearConnectionStatus(status: StatusObject): StatusObject {
  if (status.details === CUT_OFF) return { ...status, code: GrpcCode.UNAVAILABLE, details: "the connection was closed" };
  if (status.code !== GrpcCode.UNAVAILABLE) return status;
  if (status.details.startsWith(NOT_RESOLVED)) return { ...status, details: "the host name is not known" };
  return { ...status, details: status.details.replace(NOT_CONNECTED, "$1") };
}
