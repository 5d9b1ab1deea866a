import { percent } from '../prose.js';
import { defineCheck, worstOf } from './define-check.js';
import type { OverlapFact } from './facts.js';

const MIN_SHARE = 0.1;
const MIN_DECISIONS = 100;
/** Probabilities are doubles that were divided and summed. */
const ROUNDING = 1e-9;

const shareLeft = ({ effectiveSize, decisions }: OverlapFact): number => effectiveSize / decisions;
const isBelowFloor = ({ minPropensity, floor }: OverlapFact): boolean => minPropensity < floor - ROUNDING;

export const overlapCheck = defineCheck({
  key: 'overlap',
  title: 'Overlap',
  description:
    'Off-policy estimates weigh decisions by 1 / propensity. When few decisions carry all the weight, they say nothing.',
  rule: 'Warns when the effective sample size is below 10 % of the decisions, or a propensity is below the floor that the policy promises.',
  threshold: MIN_SHARE,
  warning: 'OVERLAP',
  causes: [
    'The policy has made up its mind and hardly explores',
    'Many actions, few of them ever served',
    'A floor that was not applied',
  ],
  next: [
    'Do not read inverse-propensity estimates of this arm',
    'Raise the floor or the exploration of the policy',
  ],
  judge({ overlap }) {
    const known = (overlap ?? []).filter(({ decisions }) => decisions >= MIN_DECISIONS);
    const worst = worstOf(known, (fact) => -shareLeft(fact));
    if (!overlap || overlap.length === 0) return null;
    if (!worst) return { status: 'unknown', explanation: 'Too few decisions to check.' };
    const under = known.filter(isBelowFloor);
    const thin = known.filter((fact) => shareLeft(fact) < MIN_SHARE);
    const reasons = [
      ...thin.map(
        (fact) =>
          `${fact.arm}: ${Math.round(fact.effectiveSize)} effective of ${fact.decisions} decisions (${percent(shareLeft(fact), 1)})`,
      ),
      ...under.map(
        (fact) =>
          `${fact.arm}: smallest propensity ${fact.minPropensity.toPrecision(3)}, floor ${fact.floor}`,
      ),
    ];
    return {
      status: reasons.length > 0 ? 'warn' : 'pass',
      value: shareLeft(worst),
      explanation:
        reasons.length > 0
          ? `Overlap too thin (${reasons.join('; ')}).`
          : `The effective sample size is ${percent(shareLeft(worst), 0)} of the decisions or more.`,
    };
  },
});
