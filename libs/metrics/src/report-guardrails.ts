import type { Estimator, MarginOptions, Moments, NonInferiority } from './contract.js';
import type { Equivalence, GuardrailTest, ReportResult } from './report.contract.js';

/**
 * How a guardrail is judged: always non-inferiority, and with `equivalence` also the two one-sided tests of Schuirmann
 * (1987) with the margin on either side, by whatever the estimator's one-sided test is.
 */
export function guardrailTests(
  estimator: Estimator,
  control: Moments,
  treatment: Moments,
  { options, test }: { readonly options: MarginOptions; readonly test: GuardrailTest },
): Pick<ReportResult, 'nonInferiority' | 'equivalence'> {
  const notWorse = estimator.nonInferiority(control, treatment, options);
  if (test === 'non-inferiority') return { nonInferiority: notWorse, equivalence: null };
  const notBetter = estimator.nonInferiority(control, treatment, {
    ...options,
    betterWhen: options.betterWhen === 'higher' ? 'lower' : 'higher',
  });
  return { nonInferiority: notWorse, equivalence: bothHold(notWorse, notBetter) };
}

function bothHold(one: NonInferiority, other: NonInferiority): Equivalence {
  const failed = one.status === 'ok' ? other : one;
  const known = one.pValue !== null && other.pValue !== null;
  return {
    status: failed.status,
    reason: failed.reason,
    margin: one.margin,
    pValue: known ? Math.max(one.pValue, other.pValue) : null,
    holds: one.holds && other.holds,
  };
}
