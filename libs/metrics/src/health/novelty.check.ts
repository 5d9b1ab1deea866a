import { percent, signedPercent } from '../prose.js';
import { defineCheck, worstOf } from './define-check.js';

const MAX_Q = 0.05;

export const noveltyCheck = defineCheck({
  key: 'novelty',
  title: 'Novelty',
  description:
    'An effect that fades, or grows, with the days since exposure is not yet the one that will last.',
  rule: 'Warns when the slope of the effect over days since exposure has q below 0.05 (Benjamini-Hochberg over metrics and arms).',
  threshold: MAX_Q,
  warning: 'NOVELTY',
  causes: [
    'People try what is new and stop (novelty)',
    'People need time to learn it (primacy)',
    'Those who stay differ from those who leave',
  ],
  next: [
    'Look at the effect by days since exposure',
    'Run on until it is level, and decide on the later days',
  ],
  judge({ trends }) {
    const worst = worstOf(trends ?? [], ({ qValue }) => -qValue);
    if (!trends || !worst) return null;
    const moving = trends.filter(({ qValue }) => qValue < MAX_Q);
    const text = ({ metric, arm, slopePerDay }: typeof worst): string =>
      `${metric} in ${arm}: ${signedPercent(slopePerDay, 2)} a day`;
    return {
      status: moving.length > 0 ? 'warn' : 'pass',
      value: worst.qValue,
      explanation:
        moving.length > 0
          ? `The effect changes with the days since exposure (${moving.map(text).join('; ')}).`
          : `No effect changes clearly with the days since exposure (smallest q ${percent(worst.qValue, 1)}).`,
      rows: moving.map((trend) => ({ label: `${trend.metric}, ${trend.arm}`, text: text(trend) })),
    };
  },
});
