import type { MetricDefinition } from '../contract.js';

/**
 * Share of units active on the n-th calendar day after the day of first exposure (day 0). Only mature units
 * count: those whose day n is over by the end of the data, since the others could not have returned yet.
 */
function dayRetention(day: number): MetricDefinition {
  return {
    key: `retention-day-${day}`,
    title: `Day-${day} retention`,
    description: `Share of units that started a session or played on day ${day} after first exposure; units exposed too recently to tell are left out.`,
    measuredIn: 'share',
    betterWhen: 'higher',
    family: 'retention',
    kind: 'retention',
    numerator: { fold: 'any', events: ['session_start', 'play'], scope: 'unit', days: [day, day + 1] },
    maturityDays: day + 1,
  };
}

export const retentionDay1 = dayRetention(1);
export const retentionDay7 = dayRetention(7);
export const retentionDay28 = dayRetention(28);

/** Active on any day of the second week. */
export const retentionWeek2: MetricDefinition = {
  key: 'retention-week-2',
  title: 'Week-2 retention',
  description:
    'Share of units that started a session or played on any of the days 7 to 13 after first exposure.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'retention',
  kind: 'retention',
  retention: 'window',
  numerator: { fold: 'any', events: ['session_start', 'play'], scope: 'unit', days: [7, 14] },
  maturityDays: 14,
};

/** Active on day 7 or later: kinder than one day to those who come at weekends only. */
export const rollingRetentionDay7: MetricDefinition = {
  key: 'rolling-retention-day-7',
  title: 'Rolling day-7 retention',
  description:
    'Share of units that started a session or played on any day from day 7 to day 27 after first exposure.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'retention',
  kind: 'retention',
  retention: 'rolling',
  numerator: { fold: 'any', events: ['session_start', 'play'], scope: 'unit', days: [7, 28] },
  maturityDays: 28,
};
