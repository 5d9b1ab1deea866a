/** What happened in the runs so far: per measure its count and sum (of zeros and ones for shares). Mergeable. */
export class Tally {
  private readonly sums = new Map<string, { n: number; sum: number }>();

  /** One more run of a measure. */
  add(measure: string, value: number | boolean): void {
    this.addMany(measure, 1, Number(value));
  }

  /** `n` more runs with this sum. */
  addMany(measure: string, n: number, sum: number): void {
    const known = this.sums.get(measure);
    if (known) {
      known.n += n;
      known.sum += sum;
    } else this.sums.set(measure, { n, sum });
  }

  get(measure: string): { readonly n: number; readonly mean: number } {
    const { n, sum } = this.sums.get(measure) ?? { n: 0, sum: 0 };
    return { n, mean: n > 0 ? sum / n : NaN };
  }

  /** Plain numbers, for another thread. */
  entries(): TallyEntry[] {
    return [...this.sums].map(([measure, { n, sum }]) => [measure, n, sum]);
  }

  merge(entries: readonly TallyEntry[]): void {
    for (const [measure, n, sum] of entries) this.addMany(measure, n, sum);
  }
}

export type TallyEntry = readonly [measure: string, n: number, sum: number];
