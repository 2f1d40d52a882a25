import { Metadata } from "@grpc/grpc-js";
import { GrpcCode } from "@piecewise/base";
import { expect, test } from "vitest";
import { clearConnectionStatus } from "./connection-status.js";

test.each([
  [GrpcCode.INTERNAL, "Received RST_STREAM with code 0 (Call ended without gRPC status)", GrpcCode.UNAVAILABLE, "the connection was closed"],
  [
    GrpcCode.UNAVAILABLE,
    "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ",
    GrpcCode.UNAVAILABLE,
    "connect ECONNREFUSED 127.0.0.1:1",
  ],
  [
    GrpcCode.UNAVAILABLE,
    "No connection established. Last error: Failed to connect (2026-01-02T03:04:05.678Z). Resolution note: cached",
    GrpcCode.UNAVAILABLE,
    "Failed to connect",
  ],
  [GrpcCode.UNAVAILABLE, "Name resolution failed for target dns:host:1", GrpcCode.UNAVAILABLE, "the host name is not known"],
  [GrpcCode.UNAVAILABLE, "Connection dropped", GrpcCode.UNAVAILABLE, "Connection dropped"],
  [GrpcCode.INTERNAL, "disk on fire", GrpcCode.INTERNAL, "disk on fire"],
])("%i %s", (code, details, clearCode, clearDetails) => {
  const metadata = new Metadata();
  expect(clearConnectionStatus({ code, details, metadata })).toEqual({ code: clearCode, details: clearDetails, metadata });
});
