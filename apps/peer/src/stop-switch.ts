/** How a person or the system asks for the end: once for a clean one, twice for one at once. */
export interface StopSwitch {
  /** Aborted at the first request. */
  readonly signal: AbortSignal;
  request(): void;
}

/** @param exitAtOnce what the second request does. */
export function createStopSwitch(exitAtOnce: () => void): StopSwitch {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    request() {
      if (controller.signal.aborted) exitAtOnce();
      else controller.abort();
    },
  };
}

/** Resolves when the signal is aborted. */
export const whenStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
