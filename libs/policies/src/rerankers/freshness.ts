import { defineParams } from '#experiments';
import type { ContextValue } from '#experiments';
import { z } from 'zod';
import type { Wrapper } from '../wrappers/contract.js';
import { spreadOf } from './order.js';

const DAY = 86_400_000;
/** Numbers up to here are years, larger ones Unix milliseconds. */
const LAST_YEAR = 9999;

const schema = z.object({
  feature: z
    .string()
    .min(1)
    .max(100)
    .default('releasedAt')
    .describe('Feature with the release: a date, Unix milliseconds or a year. Without it, nothing is added.'),
  halfLifeDays: z.number().positive().max(36_500).default(30).describe('Age at which half is left.'),
  strength: z
    .number()
    .min(0)
    .max(10)
    .default(0.2)
    .describe('What a title gains on the day of its release, in spreads of the scores.'),
});
type Params = z.output<typeof schema>;

/** Unix milliseconds of a date, a time or a year; null where there is none. */
export function timeOf(value: ContextValue | undefined): number | null {
  if (typeof value === 'number' && Number.isFinite(value))
    return Math.abs(value) <= LAST_YEAR ? Date.UTC(Math.floor(value), 0, 1) : value;
  if (typeof value !== 'string' || value === '') return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

/** score + strength * (largest - smallest score) * 2^(-age / half-life); what is not out yet counts as out today. */
export const freshness: Wrapper<Params> = {
  key: 'freshness',
  title: 'Freshness',
  summary: 'Lifts new releases, less and less with their age.',
  reference: 'Dong and others (2010), Towards recency ranking in web search',
  params: defineParams(schema),
  rerank: (ranking, { feature, halfLifeDays, strength }) => {
    const most = strength * spreadOf(ranking);
    return ranking.scores.map((score, i) => {
      const at = timeOf(ranking.request.actions[i]?.features[feature]);
      if (at === null) return score;
      const age = Math.max(0, ranking.request.at - at) / DAY;
      return score + most * 2 ** (-age / halfLifeDays);
    });
  },
};
