export interface BreakerLimits {
  /** Milliseconds one answer of a policy may take. */
  readonly budgetMs: number;
  /** An answer slower than this opens the breaker by itself. */
  readonly stallMs: number;
  /** Slow answers within `windowMs` that open the breaker. */
  readonly strikes: number;
  readonly windowMs: number;
  /** How long the policy is left alone then. */
  readonly openMs: number;
}

export const BREAKER_LIMITS: BreakerLimits = {
  budgetMs: 20,
  stallMs: 250,
  strikes: 5,
  windowMs: 10_000,
  openMs: 30_000,
};

/**
 * Keeps a slow policy off the hot path. A policy is synchronous code and cannot be interrupted, so the answer that
 * took too long is still served (it is valid, with exact propensities); what is prevented is the next one.
 * Times are milliseconds of a monotonic clock.
 */
export class Breaker {
  private slow: number[] = [];
  private openUntil = -Infinity;

  constructor(private readonly limits: BreakerLimits = BREAKER_LIMITS) {}

  isOpen(now: number): boolean {
    return now < this.openUntil;
  }

  /** @returns whether the answer was over budget. */
  record(tookMs: number, now: number): boolean {
    if (tookMs <= this.limits.budgetMs) return false;
    this.slow = this.slow.filter((at) => now - at < this.limits.windowMs);
    this.slow.push(now);
    if (tookMs > this.limits.stallMs || this.slow.length >= this.limits.strikes) {
      this.openUntil = now + this.limits.openMs;
      this.slow = [];
    }
    return true;
  }
}
