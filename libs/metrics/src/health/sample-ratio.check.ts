import type { HealthCheck, HealthFacts } from '../contract.js';
import { chiSquareSf } from '../distributions/index.js';
import { percent, pValueText } from '../prose.js';

/** Below this p-value the split is not the planned one (Fabijan et al. 2019 use the same). */
export const FAIL_BELOW = 0.001;
export const WARN_BELOW = 0.01;
/** Smaller deviations of a share fail no experiment however large it is: they move no effect noticeably. */
export const MIN_DEVIATION = 0.001;
const MIN_EXPECTED = 5;

export interface SampleRatio {
  readonly chi2: number;
  readonly df: number;
  readonly pValue: number;
  readonly expected: readonly number[];
  /** Largest absolute difference between an arm's share of the units and its planned share. */
  readonly deviation: number;
  /** Units in arms of weight zero: not tested, but they should not be there. */
  readonly unexpectedUnits: number;
}

/**
 * Pearson's chi-square of units against weights over the arms of positive weight.
 * @returns null with fewer than two such arms, or without units in them.
 */
export function sampleRatio(units: readonly number[], weights: readonly number[]): SampleRatio | null {
  const tested = units
    .map((count, i) => ({ count, weight: weights[i] ?? 0 }))
    .filter(({ weight }) => weight > 0);
  const total = tested.reduce((sum, { count }) => sum + count, 0);
  const weightSum = tested.reduce((sum, { weight }) => sum + weight, 0);
  if (tested.length < 2 || !(total > 0)) return null;
  const expected = tested.map(({ weight }) => (total * weight) / weightSum);
  const chi2 = tested.reduce(
    (sum, { count }, i) => sum + (count - (expected[i] as number)) ** 2 / (expected[i] as number),
    0,
  );
  const deviation = Math.max(
    ...tested.map(({ count }, i) => Math.abs(count - (expected[i] as number)) / total),
  );
  const all = units.reduce((sum, count) => sum + count, 0);
  const df = tested.length - 1;
  return { chi2, df, pValue: chiSquareSf(chi2, df), expected, deviation, unexpectedUnits: all - total };
}

function statusOf(ratio: SampleRatio): 'pass' | 'warn' | 'fail' {
  if (ratio.pValue < FAIL_BELOW && ratio.deviation >= MIN_DEVIATION) return 'fail';
  return ratio.pValue < WARN_BELOW ? 'warn' : 'pass';
}

function splitText(facts: HealthFacts): string {
  const total = facts.arms.reduce((sum, arm) => sum + (arm.weight > 0 ? arm.units : 0), 0);
  const weights = facts.arms.reduce((sum, arm) => sum + arm.weight, 0);
  const parts = facts.arms
    .filter((arm) => arm.weight > 0)
    .map(
      (arm) => `${arm.key} ${percent(arm.units / total, 2)} instead of ${percent(arm.weight / weights, 2)}`,
    );
  return parts.join(', ');
}

export const sampleRatioCheck: HealthCheck = {
  key: 'sample-ratio',
  title: 'Sample ratio',
  description:
    'Compares the units of each arm with the planned split. A mismatch means that units are lost or gained in one arm, which biases every metric.',
  check(facts) {
    const shared = { key: 'sample-ratio', title: 'Sample ratio', threshold: FAIL_BELOW };
    const ratio = sampleRatio(
      facts.arms.map((arm) => arm.units),
      facts.arms.map((arm) => arm.weight),
    );
    if (!ratio || Math.min(...ratio.expected) < MIN_EXPECTED) {
      return {
        ...shared,
        status: 'unknown',
        blocks: false,
        value: null,
        unitsAffected: null,
        likelyCauses: [],
        explanation: 'Too few units to compare the split with the plan.',
      };
    }
    const status = statusOf(ratio);
    const gap = Math.round(
      ratio.expected.reduce((sum, expected, i) => {
        const arm = facts.arms.filter(({ weight }) => weight > 0)[i];
        return sum + Math.max(0, (arm?.units ?? 0) - expected);
      }, 0),
    );
    const texts = {
      pass: `The split is as planned (${splitText(facts)}; ${pValueText(ratio.pValue)}).`,
      warn: `The split deviates somewhat from the plan: ${splitText(facts)} (${pValueText(ratio.pValue)}). Watch it.`,
      fail: `The split is not the planned one: ${splitText(facts)} (${pValueText(ratio.pValue)}). The arms are not comparable.`,
    };
    return {
      ...shared,
      status,
      blocks: status === 'fail',
      value: ratio.pValue,
      unitsAffected: status === 'pass' ? 0 : gap,
      explanation: texts[status],
      likelyCauses:
        status === 'pass'
          ? []
          : [
              'One arm loses exposures: it crashes, redirects or loads too slowly to report them',
              'Exposures are logged at a different place or time in each arm',
              'Bots or caches that meet only one arm',
              'The allocation was changed without starting a new phase',
            ],
    };
  },
};
