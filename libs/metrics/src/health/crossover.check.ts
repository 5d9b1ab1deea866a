import { percent } from '../prose.js';
import { defineCheck, shareOf } from './define-check.js';

/** Share of units, and number of them, from which crossing over matters. */
const MAX_SHARE = 0.01;
const MIN_COUNT = 10;

export const crossoverCheck = defineCheck({
  key: 'crossover',
  title: 'Units in several arms',
  description:
    'A unit should see one arm only. Those who saw more are left out, which biases the rest when they are many.',
  rule: 'Fails when 1 % of the units or more, and at least 10, saw several arms.',
  threshold: MAX_SHARE,
  warning: 'XOVER',
  causes: [
    'The unit id changes between requests, e.g. signed out and signed in',
    'The allocation was changed within a phase',
    'Several people share one unit id',
  ],
  next: [
    'Search decisions by one of these units and see when its arm changed',
    'Send one id that stays the same through signing in',
    'Start a new phase once it is fixed',
  ],
  judge({ crossoverUnits, totalUnits }) {
    if (crossoverUnits === null) return null;
    if (totalUnits === 0)
      return { status: 'unknown', value: 0, unitsAffected: 0, explanation: 'No units yet.' };
    const share = shareOf(crossoverUnits, totalUnits);
    const many = share >= MAX_SHARE && crossoverUnits >= MIN_COUNT;
    return {
      status: many ? 'fail' : 'pass',
      blocks: many,
      value: share,
      unitsAffected: crossoverUnits,
      explanation: `${crossoverUnits} of ${totalUnits} units (${percent(share, 2)}) saw more than one arm${many ? ', too many to leave out without bias' : ''}.`,
    };
  },
});
