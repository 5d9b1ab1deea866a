import type { Interval } from './contract.js';
import { adjustPValues } from './multiplicity.js';
import { intervalFromAdjustedP } from './multiplicity/intervals.js';
import type {
  AdjustedIntervals,
  FamilyScope,
  MetricRole,
  MultiplicityChoice,
  ReportBody,
  ReportResult,
} from './report.contract.js';

const DEFAULT_METHOD: Readonly<Record<MetricRole, MultiplicityChoice>> = {
  decision: 'holm',
  secondary: 'fdr_bh',
  guardrail: 'none',
};

/** What reports call the corrections. */
export const MULTIPLICITY_NAMES: Readonly<Record<MultiplicityChoice, string>> = {
  holm: 'Holm',
  hochberg: 'Hochberg',
  hommel: 'Hommel',
  fdr_bh: 'Benjamini-Hochberg',
  fdr_by: 'Benjamini-Yekutieli',
  none: 'no correction',
};

type Settings = Pick<ReportBody['options'], 'alpha' | 'multiplicity' | 'family'>;

/** Adds adjusted p-values, the intervals that match them, and the direction that follows. */
export function withMultiplicity(results: readonly ReportResult[], settings: Settings): ReportResult[] {
  const families = new Map<string, ReportResult[]>();
  for (const result of results) {
    const key = familyOf(result, settings.family);
    families.set(key, [...(families.get(key) ?? []), result]);
  }
  const corrected = new Map<ReportResult, ReportResult>();
  for (const family of families.values())
    for (const [before, after] of correct(family, settings)) corrected.set(before, after);
  return results.map((result) => corrected.get(result) ?? result);
}

function familyOf({ role, metric, arm }: ReportResult, scope: FamilyScope): string {
  if (role === 'guardrail') return `guardrail ${metric} ${arm}`;
  if (scope === 'all') return 'all';
  return scope === 'metric' ? `${role} ${metric}` : role;
}

/** In a family over both roles without a choice of method, the stricter default counts. */
function methodOf(family: readonly ReportResult[], settings: Settings): MultiplicityChoice {
  const roles = family.map(({ role }) => role);
  if (roles.includes('guardrail')) return 'none';
  return settings.multiplicity ?? DEFAULT_METHOD[roles.includes('decision') ? 'decision' : 'secondary'];
}

function correct(family: readonly ReportResult[], settings: Settings): [ReportResult, ReportResult][] {
  const method = methodOf(family, settings);
  const raw = family.map(({ pValue }) => pValue);
  const adjusted = method === 'none' ? raw : adjustPValues(raw, method);
  const tested = raw.filter((p) => p !== null).length;
  return family.map((result, i) => {
    const pValueAdjusted = adjusted[i] ?? null;
    return [
      result,
      {
        ...result,
        pValueAdjusted,
        // A posterior is not corrected.
        multiplicity: result.pValue === null && result.effect.evidence !== null ? 'none' : method,
        familySize: method === 'none' ? 1 : Math.max(1, tested),
        adjustedIntervals: method === 'none' ? null : intervalsOf(result, pValueAdjusted, settings.alpha),
        direction: directionOf(result, pValueAdjusted, settings.alpha),
      },
    ];
  });
}

function intervalsOf({ effect }: ReportResult, p: number | null, alpha: number): AdjustedIntervals | null {
  if (p === null || effect.estimate === null) return null;
  const absolute = widened(effect.estimate, effect.interval, p, alpha);
  const { estimate, interval } = effect.relative;
  return absolute && { absolute, relative: estimate === null ? null : widened(estimate, interval, p, alpha) };
}

function widened(estimate: number, interval: Interval | null, p: number, alpha: number): Interval | null {
  if (!interval) return null;
  const wide = intervalFromAdjustedP(estimate, p, alpha, [estimate, estimate]);
  if (wide.status !== 'ok') return null;
  // End by end: the interval of a lift is not symmetric, and no end may come nearer than the plain one.
  const lower = Math.min(wide.lower, interval.lower ?? -Infinity);
  const upper = Math.max(wide.upper, interval.upper ?? Infinity);
  const end = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { ...interval, lower: end(lower), upper: end(upper) };
}

/** By the adjusted p-value; of a posterior by its interval, which holds the same. */
function directionOf(result: ReportResult, p: number | null, alpha: number): ReportResult['direction'] {
  const { estimate, status, evidence, interval } = result.effect;
  if (status !== 'ok' || estimate === null || estimate === 0 || evidence === null) return 'unclear';
  const clear = evidence.kind === 'p-value' ? p !== null && p < alpha : excludesZero(interval);
  if (!clear) return 'unclear';
  return estimate > 0 === (result.betterWhen === 'higher') ? 'better' : 'worse';
}

function excludesZero(interval: Interval | null): boolean {
  return (interval?.lower ?? -1) > 0 || (interval?.upper ?? 1) < 0;
}
