import { describe, expect, test } from "vitest";
import { RunLog } from "../run-log.js";
import { Simulation, type SimulationSetup } from "../simulation.js";
import { several, setUp, type SwarmPlan } from "../swarm-plan.js";
import * as mutations from "../testing/mutations.js";
import { CheckFailed, createCheckers } from "./index.js";

/** The checker that finds fault with a swarm whose brains are changed; undefined if none does. */
function brokenPromise(wrapDownloadEngine: SimulationSetup["wrapDownloadEngine"], plan: Partial<SwarmPlan> = {}): string | undefined {
  const setup = setUp({ label: "mutant", pieces: 60, seeds: [{}], others: several(8), wrapDownloadEngine, ...plan }, 1);
  try {
    new Simulation(setup, createCheckers(), new RunLog()).run();
    return undefined;
  } catch (error) {
    if (error instanceof CheckFailed) return error.checker;
    throw error;
  }
}

const poisoned: Partial<SwarmPlan> = { others: [...several(8), ...several(2, { behaviour: "poisons" })] };

describe("what a broken brain does is found", () => {
  test("nothing, if it is not broken", () => {
    expect(brokenPromise(undefined)).toBeUndefined();
    expect(brokenPromise(undefined, poisoned)).toBeUndefined();
  });

  test("liars are not banned", () => {
    expect(brokenPromise(mutations.withoutBans, poisoned)).toBe("just-bans");
  });

  test("honest peers are banned", () => {
    const leaving: Partial<SwarmPlan> = {
      faults: [{ isDue: ({ queue }) => queue.nowUs > 1_500_000, strike: ({ nodes }) => nodes[3]!.crash(true) }],
    };
    expect(brokenPromise((engine, node) => mutations.withUnjustBans(engine, (peer) => node.downloads!.nodeOf(peer)!.host.address), leaving)).toBe("just-bans");
  });

  test("the bound of the end-game is doubled", () => {
    expect(brokenPromise(mutations.withDoubledEndGame)).toBe("request-bound");
  });

  test("a peer is asked for more at a time than allowed", () => {
    expect(brokenPromise(mutations.withEndlessStreams)).toBe("download-limits");
  });

  test("bad pieces are stored", () => {
    expect(brokenPromise(mutations.withoutHashes, poisoned)).toBe("only-verified");
  });

  test("a download stops though there are sources", () => {
    expect(brokenPromise(mutations.losingInterest)).toBe("progress");
  });

  test("a piece is asked for again while it is checked", () => {
    expect(brokenPromise(mutations.askingAgain)).toBe("request-bound");
  });

  test("strangers are asked for several pieces", () => {
    expect(brokenPromise(mutations.trustingEverybody)).toBe("download-limits");
  });

  test("pieces are offered that are not held", () => {
    expect(brokenPromise(undefined, { wrapUploadEngine: mutations.offeringTooMuch })).toBe("only-verified");
  });

  test("more is sent at a time than the transport takes", () => {
    expect(brokenPromise(undefined, { wrapUploadEngine: mutations.sendingAhead })).toBe("upload-limits");
  });

  test("bytes come from nowhere", () => {
    expect(brokenPromise(mutations.countingTwice)).toBe("conservation");
  });
});
