import type { MetricDefinition } from '../contract.js';

export const replaysPerPlay: MetricDefinition = {
  key: 'replays-per-play',
  title: 'Replays per play',
  description: 'Titles watched again per title started.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['replay'], scope: 'unit' },
  denominator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
};
