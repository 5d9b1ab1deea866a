import type { HealthCheck } from '../contract.js';

const WEEK = 7;

export const fullWeekCheck: HealthCheck = {
  key: 'full-week',
  title: 'A full week',
  description: 'People watch differently on weekdays and weekends; an experiment should have seen both.',
  check(facts) {
    if (facts.daysRunning === null) return null;
    const days = facts.daysRunning;
    const full = days >= WEEK;
    return {
      key: 'full-week',
      title: 'A full week',
      status: full ? 'pass' : 'warn',
      blocks: false,
      value: days,
      threshold: WEEK,
      unitsAffected: null,
      explanation: full
        ? `The data span ${Math.floor(days)} days.`
        : `The data span ${days < 1 ? 'less than a day' : `${Math.floor(days)} of 7 days`}: the effect may differ on the days not seen, and may partly be novelty.`,
      likelyCauses: full ? [] : ['The experiment has only begun'],
    };
  },
};
