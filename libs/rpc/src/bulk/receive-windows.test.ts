import { expect, test } from "vitest";
import { windowUpdate } from "./http2-frames.js";
import { ReceiveWindows } from "./receive-windows.js";

test("updates a window when a quarter of it was used, the connection's and the stream's each on its own", () => {
  const windows = new ReceiveWindows(1000);
  windows.received(400);
  expect(windows.credit(1, 200)).toEqual([]);
  expect(windows.credit(3, 60)).toEqual([windowUpdate(0, 260)]);
  expect(windows.credit(1, 50)).toEqual([windowUpdate(1, 250)]);
  expect(windows.credit(1, 50)).toEqual([]);
});

test("takes no more than it allowed", () => {
  const windows = new ReceiveWindows(1000);
  windows.received(1000);
  expect(() => windows.received(1)).toThrow("more bytes than the window");
});

test("allows again what was credited and told", () => {
  const windows = new ReceiveWindows(1000);
  windows.received(1000);
  windows.credit(1, 600);
  windows.received(600 - 1);
  expect(() => windows.received(3)).toThrow("more bytes than the window");
});

test("forgets what a stream has left over", () => {
  const windows = new ReceiveWindows(1000);
  windows.credit(1, 249);
  windows.forget(1);
  expect(windows.credit(1, 1)).toEqual([windowUpdate(0, 250)]);
});
