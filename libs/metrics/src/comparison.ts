import { DomainError } from '#experiments';
import type { Effect, Estimator, LookPlan } from './contract.js';
import { DEFAULT_ESTIMATOR, estimatorRegistry } from './estimators/index.js';
import type { ReportArm, ReportOptions } from './report.contract.js';

/** What is compared with what, and how. */
export interface Comparison {
  readonly estimator: Estimator;
  readonly alpha: number;
  readonly baseline: ReportArm;
  readonly treatments: readonly ReportArm[];
}

/**
 * Reads the options that every report has.
 * @throws DomainError `unknown_key` for an unknown estimator, `invalid_report` without a baseline arm or for an alpha
 * outside (0, 1).
 */
export function comparisonOf(arms: readonly ReportArm[], options: ReportOptions = {}): Comparison {
  const { alpha = 0.05, estimator = DEFAULT_ESTIMATOR, baseline: wanted } = options;
  const baseline = arms.find(({ key, isControl }) => (wanted === undefined ? isControl : key === wanted));
  if (!baseline) {
    const keys = arms.map(({ key }) => key).join(', ');
    throw new DomainError(
      'invalid_report',
      `baseline: ${wanted === undefined ? 'no arm is the control' : `there is no arm "${wanted}"`}; arms are ${keys}`,
      '/baseline',
    );
  }
  if (!(alpha > 0 && alpha < 1))
    throw new DomainError('invalid_report', `alpha must be between 0 and 1, got ${alpha}`, '/alpha');
  return {
    estimator: estimatorRegistry.get(estimator),
    alpha,
    baseline,
    treatments: arms.filter(({ key }) => key !== baseline.key),
  };
}

/** The p-value of an effect; null where its evidence is of another kind. */
export const pValueOf = ({ evidence }: Effect): number | null =>
  evidence?.kind === 'p-value' ? evidence.value : null;

/** The plan of one comparison: its two arms get their share of the planned units. */
export function planOfPair(
  plan: LookPlan,
  arm: ReportArm,
  { baseline, treatments }: Pick<Comparison, 'baseline' | 'treatments'>,
): LookPlan {
  const total = treatments.reduce((sum, { weight }) => sum + weight, baseline.weight);
  const share = total > 0 ? (baseline.weight + arm.weight) / total : 1;
  return { ...plan, plannedUnits: plan.plannedUnits * share };
}
