import { defineCheck, worstOf } from './define-check.js';

const MOST_PERIODS = 3;

export const snapshotAgeCheck = defineCheck({
  key: 'snapshot-age',
  title: 'Policies keep learning',
  description: 'A policy that has outcomes to learn from should get new snapshots as often as usual.',
  rule: 'Fails when a snapshot is older than 3 times the usual gap between two, although outcomes wait to be learned.',
  threshold: MOST_PERIODS,
  warning: 'STALE',
  causes: [
    'The learn worker is down',
    'Snapshots are refused by their checks',
    'The policy was frozen and forgotten',
  ],
  next: ['Look at the policy: its update log says why', 'Unfreeze it or start a training run'],
  judge({ snapshots }) {
    const worst = worstOf(snapshots ?? [], ({ ageSeconds, cadenceSeconds }) => ageSeconds / cadenceSeconds);
    if (!worst) return null;
    const periods = worst.ageSeconds / worst.cadenceSeconds;
    const stale = periods > MOST_PERIODS;
    const minutes = (seconds: number): string =>
      `${Math.max(1, Math.round(seconds / 60)).toLocaleString('en-US')} min`;
    return {
      status: stale ? 'fail' : 'pass',
      value: periods,
      explanation: stale
        ? `${worst.policy} (arm ${worst.arm}) last learned ${minutes(worst.ageSeconds)} ago, usually it does every ${minutes(worst.cadenceSeconds)}.`
        : 'Every policy has learned as often as usual.',
    };
  },
});
