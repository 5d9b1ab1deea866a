/** Totals at one moment (milliseconds on any steady clock). */
interface Sample {
  readonly at: number;
  readonly totals: Readonly<Record<string, number>>;
}

const WINDOW_MS = 60_000;

/** Rates per minute from totals that are read now and then. */
export class RateSampler {
  private samples: Sample[] = [];

  add(at: number, totals: Readonly<Record<string, number>>): void {
    this.samples.push({ at, totals });
    // Keeps one sample at or before the window's start.
    while (this.samples.length > 2 && (this.samples[1] as Sample).at <= at - WINDOW_MS) this.samples.shift();
  }

  /** Increase of a total per minute over the last minute, or over the time known so far. */
  perMinute(name: string): number {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.at === first.at) return 0;
    const grown = (last.totals[name] ?? 0) - (first.totals[name] ?? 0);
    return Math.max(0, (grown * 60_000) / (last.at - first.at));
  }
}
