/** Milliseconds of the kernel's monotonic clock, the same in every process of this machine. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
