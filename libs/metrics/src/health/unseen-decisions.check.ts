import { chiSquareSf } from '../distributions/index.js';
import { percent, pValueText } from '../prose.js';
import { ASSIGNMENT_STATE_TEXTS } from './assignment-states.js';
import { defineCheck, shareOf, units } from './define-check.js';
import type { UnseenFact } from './facts.js';

const { title, meaning, causes, next } = ASSIGNMENT_STATE_TEXTS['decision-without-exposure'];
const MIN_COUNT = 10;
const ALARM_BELOW = 0.001;
/** Smaller differences between arms move no effect noticeably. */
const MIN_DIFFERENCE = 0.01;

/** Whether arms lose exposures alike: Pearson's chi-square of homogeneity over seen and unseen. Null: nothing to compare. */
function homogeneity(arms: readonly UnseenFact[]): { pValue: number; difference: number } | null {
  const some = arms.filter(({ decided }) => decided > 0);
  const decided = some.reduce((sum, arm) => sum + arm.decided, 0);
  const share = shareOf(
    some.reduce((sum, arm) => sum + arm.unseen, 0),
    decided,
  );
  if (some.length < 2 || share <= 0 || share >= 1) return null;
  const chi2 = some.reduce(
    (sum, arm) => sum + (arm.unseen - arm.decided * share) ** 2 / (arm.decided * share * (1 - share)),
    0,
  );
  const shares = some.map((arm) => arm.unseen / arm.decided);
  return {
    pValue: chiSquareSf(chi2, some.length - 1),
    difference: Math.max(...shares) - Math.min(...shares),
  };
}

export const unseenDecisionsCheck = defineCheck({
  key: 'unseen-decisions',
  title,
  description: meaning,
  rule: 'Warns when the arms differ by 1 point or more with p below 0.001 (chi-square), or when the share of units that the rules name, and at least 10, were never exposed. Looks at the units of the newest decisions that are over an hour old.',
  causes,
  next,
  judge({ assignment }) {
    if (!assignment || assignment.unseen.length === 0) return null;
    const { unseen: arms } = assignment;
    const threshold = assignment.rules.thresholds['decision-without-exposure'];
    const unseen = arms.reduce((sum, arm) => sum + arm.unseen, 0);
    const share = shareOf(
      unseen,
      arms.reduce((sum, arm) => sum + arm.decided, 0),
    );
    const test = homogeneity(arms);
    const differs = test !== null && test.pValue < ALARM_BELOW && test.difference >= MIN_DIFFERENCE;
    const many = share >= threshold && unseen >= MIN_COUNT;
    const compared = test === null ? '' : ` Difference between arms: ${pValueText(test.pValue)}.`;
    return {
      status: differs || many ? 'warn' : 'pass',
      value: share,
      threshold,
      unitsAffected: unseen,
      explanation: `${units(unseen)} with a decision were never exposed (${percent(share, 1)}).${compared}`,
      rows: arms.map(({ arm, decided, unseen: n }) => ({
        label: arm,
        text: `${n} of ${decided} units (${percent(shareOf(n, decided), 1)})`,
      })),
    };
  },
});
