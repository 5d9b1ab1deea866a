import type { MetricDefinition } from '../contract.js';

export const pausesPerPlay: MetricDefinition = {
  key: 'pauses-per-play',
  title: 'Pauses per play',
  description: 'Times playback was paused per title started.',
  measuredIn: 'count',
  betterWhen: 'lower',
  family: 'guardrail',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['pause'], scope: 'unit' },
  denominator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
  guardrailMargin: 0.05,
};
