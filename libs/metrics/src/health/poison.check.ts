import type { HealthFacts } from '../contract.js';
import { percent } from '../prose.js';
import { defineCheck, worstOf } from './define-check.js';
import type { Finding } from './define-check.js';

const MAX_SHARE = 0.05;
const MAX_Z = 6;
/** With fewer units or rewards, one of them is a large part by itself. */
const MIN_COUNT = 100;

function judge({ concentration, rewards }: HealthFacts): Finding | null {
  if (!concentration && !rewards) return null;
  const shares = (concentration ?? []).filter((fact) => fact.units >= MIN_COUNT);
  const spread = (rewards ?? []).filter((fact) => fact.rewards >= MIN_COUNT);
  if (shares.length === 0 && spread.length === 0)
    return { status: 'unknown', explanation: 'Too few units and rewards to tell.' };
  const heavy = shares.filter(({ topShare }) => topShare > MAX_SHARE);
  const outlying = spread.filter(({ maxZ }) => maxZ !== null && maxZ > MAX_Z);
  const reasons = [
    ...heavy.map(({ arm, of, topShare }) => `one unit has ${percent(topShare, 1)} of ${of} in ${arm}`),
    ...outlying.map(
      ({ arm, maxZ }) => `a reward in ${arm} is ${(maxZ ?? 0).toFixed(1)} standard deviations out`,
    ),
  ];
  const top = worstOf(shares, ({ topShare }) => topShare);
  return {
    status: reasons.length > 0 ? 'warn' : 'pass',
    value: top?.topShare ?? null,
    unitsAffected: heavy.length,
    explanation:
      reasons.length > 0
        ? `Rewards come from too few hands: ${reasons.join('; ')}.`
        : 'No single unit earns an arm its rewards.',
  };
}

export const poisonCheck = defineCheck({
  key: 'poison',
  title: 'Rewards from few hands',
  description:
    'One unit that earns much of an arm decides for all. Keys and addresses of senders are not stored with events, so units are what can be judged.',
  rule: 'Warns when one unit has more than 5 % of what an arm earned, among 100 units or more that earned something, or a reward lies more than 6 standard deviations from the mean (rewards with more than two values).',
  threshold: MAX_SHARE,
  warning: 'POISON',
  causes: [
    'A script or a tester',
    'A broken client that repeats itself',
    'A shared account',
    'A metric with a very long tail: cap it',
  ],
  next: [
    'Look at the unit under Decisions',
    'Exclude it by targeting, or cap the outcome',
    'Roll the policy back to a snapshot from before',
  ],
  judge,
});
