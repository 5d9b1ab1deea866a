import type { MetricDefinition } from '../contract.js';

export const searchSuccess: MetricDefinition = {
  key: 'search-success',
  title: 'Search success',
  description: 'Searches that ended with something chosen, per search.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['search_success'], scope: 'unit' },
  denominator: { fold: 'count', events: ['search'], scope: 'unit' },
  maturityDays: 0,
};
