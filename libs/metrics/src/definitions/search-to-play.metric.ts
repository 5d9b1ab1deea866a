import type { MetricDefinition } from '../contract.js';

export const searchToPlay: MetricDefinition = {
  key: 'search-to-play',
  title: 'Plays after a successful search',
  description:
    'Units that played something after choosing a search result, as a share of the units that searched and then chose one.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'funnel',
  after: [{ events: ['search'] }, { events: ['search_success'] }],
  numerator: { fold: 'any', events: ['play'], scope: 'unit' },
  maturityDays: 0,
};
