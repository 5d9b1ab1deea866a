interface Entry {
  readonly until: number;
  readonly answer: Promise<unknown>;
}

/**
 * Answers that cost a pass over all units, kept for a while; who asks meanwhile gets the same answer, also while it is
 * still being computed. Failures are not kept.
 */
export class AnswerCache {
  private readonly entries = new Map<string, Entry>();

  /** @param size answers that are kept at most; the oldest goes first. */
  constructor(
    private readonly milliseconds: number,
    private readonly size = 200,
    private readonly clock: () => number = Date.now,
  ) {}

  get<T>(key: string, compute: () => Promise<T>): Promise<T> {
    const now = this.clock();
    const known = this.entries.get(key);
    if (known && known.until > now) return known.answer as Promise<T>;
    this.entries.delete(key);
    const answer = compute();
    const entry: Entry = { until: now + this.milliseconds, answer };
    this.entries.set(key, entry);
    answer.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.size && oldest !== undefined) this.entries.delete(oldest);
    return answer;
  }
}
