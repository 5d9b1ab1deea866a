/** Lets the first error of a source through at once and then one summary per interval. */
export class RateLimitedLog {
  private readonly sources = new Map<string, { at: number; suppressed: number }>();

  constructor(
    private readonly write: (message: string) => void,
    private readonly intervalMs = 10_000,
    private readonly now: () => number = Date.now,
  ) {}

  report(source: string, error: Error): void {
    const known = this.sources.get(source);
    const now = this.now();
    if (known && now - known.at < this.intervalMs) {
      known.suppressed += 1;
      return;
    }
    const more = known && known.suppressed > 0 ? ` (and ${known.suppressed} more since the last line)` : '';
    this.sources.set(source, { at: now, suppressed: 0 });
    this.write(`${source}: ${error.message}${more}`);
  }
}
