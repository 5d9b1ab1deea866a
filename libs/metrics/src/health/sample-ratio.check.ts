import type { HealthFacts } from '../contract.js';
import { percent, pValueText } from '../prose.js';
import { defineCheck } from './define-check.js';
import type { Finding } from './define-check.js';
import {
  FAIL_BELOW,
  MIN_DEVIATION,
  MIN_EXPECTED,
  WARN_BELOW,
  groupRatios,
  sampleRatio,
  sequentialRatio,
} from './sample-ratio.js';
import type { SampleRatio } from './sample-ratio.js';

const BROKEN_GROUP = 1e-6;

interface Judged {
  readonly status: 'pass' | 'warn' | 'fail';
  readonly pValue: number;
  readonly firstSeen: string | null;
  readonly test: string;
}

/** While units enter, only a test that may be looked at every day can fail an experiment. */
function judgeRatio(facts: HealthFacts, ratio: SampleRatio): Judged {
  const sequential = facts.running === true && facts.entries ? sequentialRatio(facts.entries) : null;
  const { pValue, failedOn } = sequential ?? { pValue: ratio.pValue, failedOn: null };
  const test = sequential ? 'sequential test' : 'chi-square';
  const chi = { pValue: ratio.pValue, firstSeen: null, test: 'chi-square' };
  const matters = ratio.deviation >= MIN_DEVIATION;
  const noted = ratio.pValue < WARN_BELOW;
  if (matters && pValue < FAIL_BELOW) return { status: 'fail', pValue, firstSeen: failedOn, test };
  if (matters && noted && isBrokenInAGroup(facts))
    return { ...chi, status: 'fail', test: 'chi-square, and broken in a group' };
  if (noted) return { ...chi, status: 'warn' };
  return { status: pValue < WARN_BELOW ? 'warn' : 'pass', pValue, firstSeen: null, test };
}

/**
 * One group so far off that no number of looks explains it, while the whole is suspicious too: by the union bound, a
 * thousand looks at this level raise one false alarm in a thousand.
 */
function isBrokenInAGroup(facts: HealthFacts): boolean {
  const [top] = groupRatios(facts);
  return top !== undefined && top.adjusted < BROKEN_GROUP && top.deviation >= MIN_DEVIATION;
}

function splitText(facts: HealthFacts): string {
  const open = facts.arms.filter((arm) => arm.weight > 0);
  const total = open.reduce((sum, arm) => sum + arm.units, 0);
  const weights = open.reduce((sum, arm) => sum + arm.weight, 0);
  return open
    .map(
      (arm) => `${arm.key} ${percent(arm.units / total, 2)} instead of ${percent(arm.weight / weights, 2)}`,
    )
    .join(', ');
}

/** Where the deviation is most visible, if it is visible anywhere. */
function topGroup(facts: HealthFacts): string {
  const [top] = groupRatios(facts);
  if (!top || top.adjusted >= WARN_BELOW) return '';
  return ` Worst in ${top.dimension} ${top.value} (off by ${percent(top.deviation, 1)}, ${pValueText(top.adjusted)} corrected).`;
}

function excess(facts: HealthFacts, ratio: SampleRatio): number {
  const open = facts.arms.filter(({ weight }) => weight > 0);
  return Math.round(
    ratio.expected.reduce((sum, expected, i) => sum + Math.max(0, (open[i]?.units ?? 0) - expected), 0),
  );
}

/** What the sample ratio says of these facts. */
export function judgeSplit(facts: HealthFacts): Finding {
  const ratio = sampleRatio(
    facts.arms.map((arm) => arm.units),
    facts.arms.map((arm) => arm.weight),
  );
  if (!ratio || Math.min(...ratio.expected) < MIN_EXPECTED)
    return { status: 'unknown', explanation: 'Too few units to compare the split with the plan.' };
  const { status, pValue, firstSeen, test } = judgeRatio(facts, ratio);
  const numbers = `${splitText(facts)}; ${test}, ${pValueText(pValue)}`;
  const texts = {
    pass: `The split is as planned (${numbers}).`,
    warn: `The split deviates somewhat from the plan: ${numbers}. Watch it.${topGroup(facts)}`,
    fail: `The split is not the planned one: ${numbers}. The arms are not comparable.${topGroup(facts)}`,
  };
  return {
    status,
    blocks: status === 'fail',
    warning: status === 'fail' ? 'SRM-R' : 'SRM-Y',
    value: pValue,
    threshold: status === 'warn' ? WARN_BELOW : FAIL_BELOW,
    unitsAffected: status === 'pass' ? 0 : excess(facts, ratio),
    firstSeen,
    explanation: texts[status],
  };
}

export const sampleRatioCheck = defineCheck({
  key: 'sample-ratio',
  title: 'Sample ratio',
  description:
    'Compares the units of each arm with the planned split. A mismatch means that units are lost or gained in one arm, which biases every metric.',
  rule: 'Fails below p 0.001 when a share is off by 0.1 points or more: by the sequential test while it runs, by chi-square once it has ended. Also fails when chi-square is below 0.01 and one group is off with p below 0.000001, corrected. Warns below p 0.01 (chi-square). Needs 5 expected units in every arm. After a change of the allocation, expected are the units of each phase times its weights.',
  causes: [
    'One arm loses exposures: it crashes, redirects or loads too slowly to report them',
    'Exposures are logged at a different place or time in each arm',
    'Bots or caches that meet only one arm',
    'The allocation was changed without starting a new phase',
  ],
  next: [
    'Look at the split by attribute and entry day: where it is off tells what broke',
    'Compare decisions with exposures in the arm that has too few',
    'Fix the cause, then start a new phase; units that were lost cannot be corrected for',
  ],
  judge: judgeSplit,
});
