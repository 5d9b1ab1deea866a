import { percent } from '../prose.js';
import { defineCheck, shareOf, units } from './define-check.js';

const MAX_SHARE = 0.005;
const MIN_COUNT = 10;

export const exposuresWithoutDecisionCheck = defineCheck({
  key: 'exposures-without-decision',
  title: 'Exposures without decision',
  description:
    'An exposure counts for the decision that it names. One that names none that is stored is lost, for whatever experiment it was.',
  rule: 'Warns when exposures whose decision is missing for over 10 minutes make 0.5 % of all events or more, and at least 10. Counted over all experiments.',
  threshold: MAX_SHARE,
  causes: [
    'A client sends an id of its own making',
    'Exposures from another environment',
    'Decisions are under way in a spool',
  ],
  next: [
    'Compare the decision ids that clients send with those that were answered',
    'Look at the spool under Operations',
  ],
  judge({ stream }) {
    if (!stream) return null;
    const { exposuresWithoutDecision: lost, eventsStored } = stream;
    const share = shareOf(lost, eventsStored);
    const many = share >= MAX_SHARE && lost >= MIN_COUNT;
    return {
      status: many ? 'warn' : 'pass',
      value: share,
      unitsAffected: null,
      explanation: `${units(lost, 'exposure')} without a decision among ${units(eventsStored, 'event')} (${percent(share, 2)}), over all experiments.`,
    };
  },
});
