import { expect, test, vi } from "vitest";
import { silentLogger } from "./logger.js";

test("the silent logger writes nothing", () => {
  const spies = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
  for (const level of ["debug", "info", "warn", "error"] as const) silentLogger[level]({ secret: 1 }, "nothing to see");
  for (const spy of spies) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
});
