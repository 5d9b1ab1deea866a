import { percent } from '../prose.js';
import { ASSIGNMENT_STATE_TEXTS, DEFAULT_ASSIGNMENT_RULES } from './assignment-states.js';
import { defineCheck, shareOf } from './define-check.js';

const { title, causes, next } = ASSIGNMENT_STATE_TEXTS['two-arms'];
/** Share of units, and number of them, from which crossing over matters. */
const MAX_SHARE = DEFAULT_ASSIGNMENT_RULES.thresholds['two-arms'];
const MIN_COUNT = 10;

export const crossoverCheck = defineCheck({
  key: 'crossover',
  title,
  description:
    'A unit should see one arm only. Those who saw more are left out, which biases the rest when they are many.',
  rule: 'Fails when 1 % of the units or more (or the share that the rules of the experiment name), and at least 10, saw several arms.',
  threshold: MAX_SHARE,
  warning: 'XOVER',
  causes,
  next,
  judge({ crossoverUnits, totalUnits, assignment }) {
    if (crossoverUnits === null) return null;
    if (totalUnits === 0)
      return { status: 'unknown', value: 0, unitsAffected: 0, explanation: 'No units yet.' };
    const share = shareOf(crossoverUnits, totalUnits);
    const threshold = assignment?.rules.thresholds['two-arms'] ?? MAX_SHARE;
    const many = share >= threshold && crossoverUnits >= MIN_COUNT;
    return {
      status: many ? 'fail' : 'pass',
      blocks: many,
      value: share,
      threshold,
      unitsAffected: crossoverUnits,
      explanation: `${crossoverUnits} of ${totalUnits} units (${percent(share, 2)}) saw more than one arm${many ? ', too many to leave out without bias' : ''}.`,
    };
  },
});
