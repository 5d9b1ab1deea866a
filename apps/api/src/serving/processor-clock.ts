/** How old a reading of the processor clock may be, and below which an answer needs none. */
const COARSE_MS = 5;

/**
 * Milliseconds of processor time of this process, all threads. A reading costs the kernel a walk over the threads, under
 * load as long as a whole answer, so the one before an answer may be some milliseconds old (and then counts too much).
 */
export class ProcessorClock {
  private readAt = -Infinity;
  private used = 0;

  constructor(private readonly read: () => NodeJS.CpuUsage = () => process.cpuUsage()) {}

  before(now: number): number {
    if (now - this.readAt > COARSE_MS) {
      this.used = this.now();
      this.readAt = now;
    }
    return this.used;
  }

  now(): number {
    const { user, system } = this.read();
    return (user + system) / 1000;
  }
}

/** The clocks that tell how long an answer took; see ServingHooks. */
export interface Clocks {
  readonly monotonic: () => number;
  readonly processor?: ProcessorClock;
}

/** Milliseconds that an answer took: by the wall clock, or by the processor's where that says less. */
export function tookOf(hooks: Clocks, begun: number, ended: number, usedBefore: number | undefined): number {
  const took = ended - begun;
  if (took <= COARSE_MS || usedBefore === undefined || !hooks.processor) return took;
  return Math.min(took, hooks.processor.now() - usedBefore);
}
