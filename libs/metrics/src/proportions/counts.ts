import type { OutcomeReason } from '../inference/outcome.js';
import { isProbability } from '../inference/outcome.js';

/** Units of one arm and how many of them did it. */
export interface Counts {
  readonly n: number;
  readonly successes: number;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Why nothing can be said about these arms, or null: impossible counts, alpha outside (0, 1), an empty arm. */
export function problemOf(arms: readonly Counts[], alpha?: number): OutcomeReason | null {
  if (alpha !== undefined && !isProbability(alpha)) return 'invalid_alpha';
  for (const { n, successes } of arms) {
    if (!isCount(n) || !isCount(successes) || successes > n) return 'invalid_counts';
  }
  return arms.some(({ n }) => n === 0) ? 'insufficient_units' : null;
}

export function shareOf({ n, successes }: Counts): number {
  return successes / n;
}

/** Observed difference, treatment minus control. */
export function differenceOf(control: Counts, treatment: Counts): number {
  return shareOf(treatment) - shareOf(control);
}

/** Variance of the share as an estimate, p (1 - p) / n. */
export function shareVariance({ n, successes }: Counts): number {
  return ((successes / n) * ((n - successes) / n)) / n;
}
