import { estimatorRegistry } from '#metrics';
import type { Effect } from '#metrics';
import type { Comparison, Look } from './read-cumulative.js';

/** What an interval says about the sign of a difference. */
export type Sign = 'higher' | 'lower' | 'not clear';

export interface LookResult {
  readonly day: number;
  readonly units: number;
  readonly difference: number | null;
  readonly fixed: { readonly pValue: number | null; readonly logP: number | null; readonly sign: Sign };
  readonly alwaysValid: { readonly pValue: number | null; readonly logP: number | null; readonly sign: Sign };
}

export interface ComparisonResult {
  readonly experiment: string;
  readonly variant: string;
  readonly metric: string;
  readonly looks: readonly LookResult[];
  /** Looks that could not be judged: no variance recorded, or fewer than two units in an arm. */
  readonly looksLeftOut: number;
  /** The last look that could be judged; null: none could. */
  readonly last: LookResult | null;
  /** First day on which the interval excluded zero; null: it never did. */
  readonly firstDay: { readonly fixed: number | null; readonly alwaysValid: number | null };
  /** How often the sign changed from one look to the next. */
  readonly changes: { readonly fixed: number; readonly alwaysValid: number };
}

export interface CumulativeOptions {
  readonly alpha: number;
  /** Tuning of the confidence sequence, units of both arms; default: the report's. */
  readonly sequentialTuning?: number;
}

const fixed = estimatorRegistry.get('welch');
const alwaysValid = estimatorRegistry.get('asymptotic-cs');

/**
 * Judges every look of every comparison twice: by Welch's t, as if it were the only look, and by the asymptotic
 * confidence sequence, which may be looked at as often as one likes. Means with the variances as they were recorded,
 * no matter what the metric counts.
 */
export function analyseCumulative(
  comparisons: readonly Comparison[],
  options: CumulativeOptions,
): ComparisonResult[] {
  return comparisons.map(({ experiment, variant, metric, looks }) => {
    const judged = looks.flatMap((look) => judge(look, options) ?? []);
    const first = (of: (look: LookResult) => Sign): number | null =>
      judged.find((look) => of(look) !== 'not clear')?.day ?? null;
    const changes = (of: (look: LookResult) => Sign): number =>
      judged.filter((look, i) => i > 0 && of(look) !== of(judged[i - 1] as LookResult)).length;
    return {
      experiment,
      variant,
      metric,
      looks: judged,
      looksLeftOut: looks.length - judged.length,
      last: judged.at(-1) ?? null,
      firstDay: {
        fixed: first((look) => look.fixed.sign),
        alwaysValid: first((look) => look.alwaysValid.sign),
      },
      changes: {
        fixed: changes((look) => look.fixed.sign),
        alwaysValid: changes((look) => look.alwaysValid.sign),
      },
    };
  });
}

function judge({ day, control, treatment }: Look, options: CumulativeOptions): LookResult | null {
  if (!control || !treatment) return null;
  const how = { ...options, kind: 'mean', adjust: false } as const;
  const once = fixed.compare(control, treatment, how);
  if (once.status === 'undefined') return null;
  const always = alwaysValid.compare(control, treatment, how);
  return {
    day,
    units: control.n + treatment.n,
    difference: once.estimate,
    fixed: judgement(once),
    alwaysValid: judgement(always),
  };
}

function judgement({ evidence, interval }: Effect): LookResult['fixed'] {
  return {
    pValue: evidence?.value ?? null,
    logP: evidence?.logValue ?? null,
    sign: signOf(interval?.lower ?? null, interval?.upper ?? null),
  };
}

function signOf(lower: number | null, upper: number | null): Sign {
  if (lower !== null && lower > 0) return 'higher';
  return upper !== null && upper < 0 ? 'lower' : 'not clear';
}
