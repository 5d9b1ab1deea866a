import { Problem } from './problem.js';

const MOST_CALLERS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets, one a caller: `perSecond` on average and as many at once. */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  /** @param perSecond 0: no limit. */
  constructor(private readonly perSecond: number) {}

  /** @throws Problem 429 with the seconds to wait. */
  take(caller: string, now: number = performance.now()): void {
    if (this.perSecond <= 0) return;
    const bucket = this.bucketOf(caller, now);
    bucket.tokens = Math.min(this.perSecond, bucket.tokens + ((now - bucket.at) / 1000) * this.perSecond);
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return;
    }
    const seconds = Math.max(1, Math.ceil((1 - bucket.tokens) / this.perSecond));
    throw new Problem(
      429,
      'too_many_requests',
      `More than ${this.perSecond} evaluations a second; wait ${seconds} s`,
      [],
      { 'retry-after': String(seconds) },
    );
  }

  private bucketOf(caller: string, now: number): Bucket {
    const known = this.buckets.get(caller);
    if (known) return known;
    // The oldest starts afresh, full: a limit is for bursts of a few, not for an accounting of all.
    if (this.buckets.size >= MOST_CALLERS) this.buckets.delete(this.buckets.keys().next().value as string);
    const fresh = { tokens: this.perSecond, at: now };
    this.buckets.set(caller, fresh);
    return fresh;
  }
}
