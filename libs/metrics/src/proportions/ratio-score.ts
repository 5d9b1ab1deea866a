import { bracketedRoot } from '../distributions/invert.js';
import type { Counts } from './counts.js';
import { shareOf } from './counts.js';

const { max, sqrt } = Math;

/** Widest ratio of shares that is looked at; beyond it an end counts as open. */
const WIDEST_RATIO = 1e12;

/** Control's maximum-likelihood share under treatment = ratio * control: the smaller root of a quadratic. */
function restrictedControl(control: Counts, treatment: Counts, ratio: number): number {
  const total = control.successes + treatment.successes;
  const a = ratio * (control.n + treatment.n);
  const b = control.n + treatment.successes + ratio * (control.successes + treatment.n);
  return (2 * total) / (b + sqrt(max(0, b * b - 4 * a * total)));
}

/** treatment - ratio * control, and its standard error when that is zero in truth. */
export function ratioScore(
  control: Counts,
  treatment: Counts,
  ratio: number,
): { readonly contrast: number; readonly standardError: number } {
  const p = restrictedControl(control, treatment, ratio);
  const q = Math.min(1, ratio * p);
  const n = control.n + treatment.n;
  const variance = (q * (1 - q)) / treatment.n + (ratio * ratio * p * max(0, 1 - p)) / control.n;
  return {
    contrast: shareOf(treatment) - ratio * shareOf(control),
    standardError: sqrt((n / (n - 1)) * variance),
  };
}

/**
 * Ratios of shares (treatment over control) that the score test does not reject at `z` standard errors (Miettinen and
 * Nurminen 1985, with their factor N / (N - 1)). Control needs a success. null: no end within a factor of 1e12.
 */
export function ratioScoreInterval(
  control: Counts,
  treatment: Counts,
  z: number,
): { readonly lower: number; readonly upper: number | null } {
  const observed = shareOf(treatment) / shareOf(control);
  const excess = (ratio: number): number => {
    const { contrast, standardError } = ratioScore(control, treatment, ratio);
    return Math.abs(contrast) - z * standardError;
  };
  const lower = observed === 0 ? 0 : bracketedRoot((r) => -excess(r), 0, observed);
  if (excess(WIDEST_RATIO) <= 0) return { lower, upper: null };
  // On a logarithmic scale: the bisection does not spend its steps on the far end.
  const start = Math.log(max(observed, 1 / WIDEST_RATIO));
  const upper = Math.exp(bracketedRoot((u) => excess(Math.exp(u)), start, Math.log(WIDEST_RATIO)));
  return { lower, upper };
}
