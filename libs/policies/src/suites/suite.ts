import type { Estimate } from './play.js';

export interface Reference {
  readonly mean: number;
  /** Standard error; null where only the number of runs is known: ours, scaled to as many runs, stands in. */
  readonly se: number | null;
}

/** Runs behind the references without a standard error. */
const REFERENCE_RUNS = 200;

/** One policy on one suite, beside a published or measured figure. */
export interface SuiteEntry {
  readonly suite: string;
  /** Key of the policy, or a name for a stand-in that no product policy plays. */
  readonly policy: string;
  readonly setting: string;
  /** What is measured; lower is better throughout. */
  readonly measure: 'regret' | 'pulls' | 'rounds behind' | 'cost per 1,000';
  /** Runs of the full suite. */
  readonly runs: number;
  /** null: there is nothing to compare with; the figure is reported alone. */
  readonly reference: Reference | null;
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
  const theirs = reference.se ?? ours.se * Math.sqrt(ours.runs / REFERENCE_RUNS);
  const bound = reference.mean + 3 * Math.hypot(ours.se, theirs);
  return { ...entry, ours, bound, passed: ours.mean <= bound };
}
