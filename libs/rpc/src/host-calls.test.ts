import { EventEmitter } from "node:events";
import type { ServerInterceptingCall, ServerMethodDefinition } from "@grpc/grpc-js";
import { GrpcCode, parseCidr, silentLogger } from "@piecewise/base";
import { expect, test } from "vitest";
import { TrustedProxies } from "./caller-host.js";
import { limitCallsPerHost } from "./host-calls.js";
import { fromServiceError } from "./status.js";

type Status = Parameters<ServerInterceptingCall["sendStatus"]>[0];

/** A call as the server of grpc-js hands it over. */
class IncomingCall {
  readonly stream = Object.assign(new EventEmitter(), { destroyed: false });
  status: Status | undefined;

  constructor(private readonly peer: string) {}

  getPeer(): string {
    return this.peer;
  }

  sendStatus(status: Status): void {
    this.status = status;
  }
}

function startLimit(callsPerHostMax: number) {
  const proxies = new TrustedProxies([parseCidr("198.51.100.0/24", "the proxies")]);
  const intercept = limitCallsPerHost(callsPerHostMax, proxies, silentLogger);
  return (peer: string, isDestroyed = false): IncomingCall => {
    const call = new IncomingCall(peer);
    call.stream.destroyed = isDestroyed;
    expect(intercept({} as ServerMethodDefinition<unknown, unknown>, call as unknown as ServerInterceptingCall)).toBe(call);
    return call;
  };
}

test("calls by way of a trusted proxy are not counted", () => {
  const arrive = startLimit(1);
  for (let call = 0; call < 3; call += 1) expect(arrive(`198.51.100.7:${call}`).status).toBeUndefined();
});

test("calls of one host above its number are refused by name, until one has ended, whatever connection they use", () => {
  const arrive = startLimit(2);
  const [first, second, third] = [arrive("192.0.2.1:1001"), arrive("192.0.2.1:1002"), arrive("192.0.2.1:1003")];
  expect([first.status, second.status]).toEqual([undefined, undefined]);
  const { code, details, metadata } = third.status as Required<Status>;
  expect(code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
  const error = fromServiceError({ code, details: details!, metadata: metadata! }, { kind: "peer", address: "192.0.2.9:1" });
  expect(error).toMatchObject({ code: "BUSY", retryAfterMs: 1_000 });
  expect(arrive("192.0.2.2:1001").status).toBeUndefined();
  first.stream.emit("close");
  expect(arrive("192.0.2.1:1004").status).toBeUndefined();
  expect(arrive("192.0.2.1:1005").status).toBeDefined();
});

test("a call that was gone before it was seen does not count", () => {
  const arrive = startLimit(1);
  arrive("192.0.2.1:1", true);
  expect(arrive("192.0.2.1:1").status).toBeUndefined();
});

test("this machine may have as many as it likes", () => {
  const arrive = startLimit(1);
  for (const peer of ["127.0.0.1:1", "127.0.0.1:1", "::1:1", "::1:1"]) expect(arrive(peer).status).toBeUndefined();
});
