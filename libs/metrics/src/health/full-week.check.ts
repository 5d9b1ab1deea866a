import { defineCheck } from './define-check.js';

const WEEK = 7;

export const fullWeekCheck = defineCheck({
  key: 'full-week',
  title: 'A full week',
  description: 'People watch differently on weekdays and weekends; an experiment should have seen both.',
  rule: 'Warns before 7 full days, or the longer shortest run that was planned, have passed; days on which it was paused do not count. The verdict is then "too early".',
  warning: 'EARLY',
  causes: ['The experiment has only begun', 'It was paused for a part of the week'],
  next: ['Wait for the full week: the first days overstate what is new'],
  judge({ daysRunning, pausedDays, plan }) {
    if (daysRunning === null) return null;
    const days = Math.max(0, daysRunning - (pausedDays ?? 0));
    const wanted = Math.max(WEEK, plan?.days ?? WEEK);
    const full = days >= wanted;
    const paused = (pausedDays ?? 0) >= 1 ? `, without ${Math.floor(pausedDays ?? 0)} paused` : '';
    return {
      status: full ? 'pass' : 'warn',
      value: days,
      threshold: wanted,
      explanation: full
        ? `The data span ${Math.floor(days)} days${paused}.`
        : `The data span ${days < 1 ? 'less than a day' : `${Math.floor(days)} of ${wanted} days`}${paused}: the effect may differ on the days not seen, and may partly be novelty.`,
    };
  },
});
