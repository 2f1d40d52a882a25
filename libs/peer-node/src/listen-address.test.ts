import { describe, expect, test } from "vitest";
import { defaultListen, dialableAddress } from "./listen-address.js";

describe("where a peer listens", () => {
  test("on loopback while every tracker is there", () => {
    expect(defaultListen(["127.0.0.1:50051", "localhost:1", "[::1]:2"])).toEqual({ host: "127.0.0.1", port: 0 });
  });

  test("on all interfaces as soon as one is elsewhere, and without any", () => {
    expect(defaultListen(["127.0.0.1:50051", "192.0.2.1:50051"]).host).toBe("0.0.0.0");
    expect(defaultListen([], 4000)).toEqual({ host: "0.0.0.0", port: 4000 });
  });

  test("others are never told to dial all interfaces", () => {
    expect(dialableAddress("127.0.0.1:4000")).toBe("127.0.0.1:4000");
    expect(dialableAddress("0.0.0.0:4000")).toMatch(/^(?!0\.0\.0\.0)[\d.]+:4000$/);
    expect(dialableAddress("[::]:4000")).toMatch(/^(?!0\.0\.0\.0)[\d.]+:4000$/);
  });
});
