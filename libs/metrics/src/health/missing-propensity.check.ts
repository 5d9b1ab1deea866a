import { percent } from '../prose.js';
import { defineCheck, shareOf, worstOf } from './define-check.js';

const MAX_SHARE = 0.01;
const MIN_DECISIONS = 100;

export const missingPropensityCheck = defineCheck({
  key: 'missing-propensity',
  title: 'Propensities recorded',
  description: 'Without the probability of what was served, a policy cannot be judged or learn without bias.',
  rule: 'Fails and blocks when 1 % of the decisions of a policy or more lack a propensity in (0, 1] or its probabilities.',
  threshold: MAX_SHARE,
  causes: ['Decisions that were imported without propensities', 'A policy that states no probabilities'],
  next: ['Look at such a decision under Decisions', 'Import propensities, or leave these decisions out'],
  judge({ overlap }) {
    const known = (overlap ?? []).filter(({ decisions }) => decisions >= MIN_DECISIONS);
    const worst = worstOf(known, ({ missing, decisions }) => missing / decisions);
    if (!worst) return null;
    const share = shareOf(worst.missing, worst.decisions);
    const failed = share >= MAX_SHARE;
    return {
      status: failed ? 'fail' : 'pass',
      blocks: failed,
      value: share,
      explanation: `${worst.missing} of the newest ${worst.decisions} decisions in ${worst.arm} (${percent(share, 2)}) have no usable propensity.`,
    };
  },
});
