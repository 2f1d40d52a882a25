import { RunningProcess } from "../processes.js";
import type { FloodReport } from "./flood.js";

const BUNDLER = new URL("../../scripts/hostile/bundle.mjs", import.meta.url).href;

/** One file with the hostile programs, as `npm run hostile` runs them. */
export async function bundleHostile(): Promise<string> {
  const { bundleHostile: bundle } = (await import(/* @vite-ignore */ BUNDLER)) as { bundleHostile(): Promise<string> };
  return bundle();
}

/** A peer or tracker that lies, in a process of its own: it may be in another network. It prints an event for each call. */
export const startHostile = (program: string, args: readonly string[], enter: readonly string[]): RunningProcess => new RunningProcess(program, args, { enter });

/** An attack in a process of its own, so that it may come from another network, and so that what it costs is not counted here. */
export class HostileCaller implements AsyncDisposable {
  readonly #process: RunningProcess;

  constructor(program: string, args: readonly string[], enter: readonly string[]) {
    this.#process = startHostile(program, ["caller", ...args], enter);
  }

  /** Resolves when everything has begun, and the report is as it should be. */
  async waitForReport(accepts: (report: FloodReport) => boolean): Promise<FloodReport> {
    await this.#process.waitForEvent("begun");
    const event = await this.#process.waitForEvent("report", (report) => accepts(report as unknown as FloodReport));
    return event as unknown as FloodReport;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
