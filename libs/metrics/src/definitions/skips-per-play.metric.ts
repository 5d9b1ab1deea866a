import type { MetricDefinition } from '../contract.js';

export const skipsPerPlay: MetricDefinition = {
  key: 'skips-per-play',
  title: 'Skips per play',
  description: 'Titles skipped per title started: a sign that what was offered disappoints.',
  measuredIn: 'share',
  betterWhen: 'lower',
  family: 'guardrail',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['skip'], scope: 'unit' },
  denominator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
  guardrailMargin: 0.05,
};
