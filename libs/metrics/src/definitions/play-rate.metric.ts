import type { MetricDefinition } from '../contract.js';

export const playRate: MetricDefinition = {
  key: 'play-rate',
  title: 'Play rate',
  description: 'Share of units that played at least once from what this experiment decided.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'proportion',
  numerator: { fold: 'any', events: ['play'], scope: 'decision' },
  maturityDays: 0,
};
