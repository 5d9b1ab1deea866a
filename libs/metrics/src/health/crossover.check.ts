import type { HealthCheck } from '../contract.js';
import { percent } from '../prose.js';

/** Share of units, and number of them, from which crossing over matters. */
const MAX_SHARE = 0.01;
const MIN_COUNT = 10;

export const crossoverCheck: HealthCheck = {
  key: 'crossover',
  title: 'Units in several arms',
  description:
    'A unit should see one arm only. Those who saw more are left out, which biases the rest when they are many.',
  check(facts) {
    if (facts.crossoverUnits === null) return null;
    const { crossoverUnits, totalUnits } = facts;
    const share = totalUnits > 0 ? crossoverUnits / totalUnits : 0;
    const many = share >= MAX_SHARE && crossoverUnits >= MIN_COUNT;
    return {
      key: 'crossover',
      title: 'Units in several arms',
      status: totalUnits === 0 ? 'unknown' : many ? 'fail' : 'pass',
      blocks: many,
      value: share,
      threshold: MAX_SHARE,
      unitsAffected: crossoverUnits,
      explanation:
        totalUnits === 0
          ? 'No units yet.'
          : `${crossoverUnits} of ${totalUnits} units (${percent(share, 2)}) saw more than one arm${many ? ', too many to leave out without bias' : ''}.`,
      likelyCauses: many
        ? [
            'The unit id changes between requests, e.g. signed out and signed in',
            'The allocation was changed within a phase',
            'Several people share one unit id',
          ]
        : [],
    };
  },
};
