import { percent } from '../prose.js';
import { defineCheck, shareOf, worstOf } from './define-check.js';

const MAX_SHARE = 0.01;

export const oddRewardsCheck = defineCheck({
  key: 'odd-rewards',
  title: 'Rewards in range',
  description: 'Rewards that are no number or outside of the range that the policy states.',
  rule: 'Warns when there is one, fails and blocks when they are 1 % of the rewards or more.',
  threshold: MAX_SHARE,
  causes: [
    'The range of the reward was changed',
    'Values of outcomes in another unit, e.g. milliseconds for seconds',
  ],
  next: [
    'Look at the reward of the policy and at the values that clients send',
    'Roll the policy back to a snapshot from before',
  ],
  judge({ rewards }) {
    const known = (rewards ?? []).filter((fact) => fact.rewards > 0);
    const worst = worstOf(known, (fact) => fact.odd / fact.rewards);
    if (!worst) return null;
    const share = shareOf(worst.odd, worst.rewards);
    const status = share >= MAX_SHARE ? 'fail' : worst.odd > 0 ? 'warn' : 'pass';
    return {
      status,
      blocks: status === 'fail',
      value: share,
      explanation: `${worst.odd} of the newest ${worst.rewards} rewards in ${worst.arm} (${percent(share, 2)}) are no number or out of range.`,
    };
  },
});
