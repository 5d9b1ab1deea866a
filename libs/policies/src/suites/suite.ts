import type { Estimate } from './play.js';

/** One policy on one suite, beside a published or measured figure. */
export interface SuiteEntry {
  readonly suite: string;
  /** Key of the policy, or a name for a stand-in that no product policy plays. */
  readonly policy: string;
  readonly setting: string;
  /** What is measured; lower is better throughout. */
  readonly measure: 'regret' | 'pulls';
  /** Runs of the full suite. */
  readonly runs: number;
  /** null: there is nothing to compare with; the figure is reported alone. */
  readonly reference: { readonly mean: number; readonly se: number } | null;
  play(runs: number): Estimate;
}

export interface SuiteResult extends SuiteEntry {
  readonly ours: Estimate;
  /** What the mean may be at most: the reference and three combined standard errors. */
  readonly bound: number | null;
  readonly passed: boolean;
}

/** Plays an entry. @param runs as many runs as the full suite has, unless fewer are asked for. */
export function judge(entry: SuiteEntry, runs: number = entry.runs): SuiteResult {
  const ours = entry.play(Math.max(2, Math.min(runs, entry.runs)));
  const { reference } = entry;
  if (reference === null) return { ...entry, ours, bound: null, passed: true };
  const bound = reference.mean + 3 * Math.hypot(ours.se, reference.se);
  return { ...entry, ours, bound, passed: ours.mean <= bound };
}
