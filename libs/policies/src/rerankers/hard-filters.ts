import { defineParams } from '#experiments';
import type { Context } from '#experiments';
import { z } from 'zod';
import type { Wrapper } from '../wrappers/contract.js';
import { timeOf } from './freshness.js';
import { valuesOf } from './similarity.js';

const name = z.string().min(1).max(100);
export const hardFilterSchema = z.strictObject({
  from: name.default('availableFrom').describe('Feature with the time from which a title may be shown.'),
  until: name.default('availableUntil').describe('Feature with the time until which it may be shown.'),
  countries: name
    .default('countries')
    .describe('Feature that lists where a title may be shown; without it, everywhere.'),
  country: name.default('country').describe('Context attribute with the country of the member.'),
  maturity: name.default('maturity').describe('Feature with the age a title is meant for, in years.'),
  maturityLimit: name
    .default('maturityLimit')
    .describe('Context attribute with the highest age rating the member may see.'),
  maturityDefault: z
    .number()
    .min(0)
    .max(120)
    .default(120)
    .describe('Highest rating for who sends no limit; 120 lets all through.'),
});
type Params = z.output<typeof hardFilterSchema>;

function isAvailable(features: Context, at: number, { from, until }: Params): boolean {
  const first = timeOf(features[from]);
  const last = timeOf(features[until]);
  return (first === null || at >= first) && (last === null || at < last);
}

/** A title that is limited to countries is shown to nobody whose country is not known. */
function isLicensed(features: Context, context: Context, { countries, country }: Params): boolean {
  const where = valuesOf(features, countries);
  return where.length === 0 || where.includes(String(context[country] ?? ''));
}

function isMeantFor(features: Context, limit: number, { maturity }: Params): boolean {
  const age = features[maturity];
  return !(typeof age === 'number' && age > limit);
}

/** What may not be shown is not: decided before the policy, and kept where a default order stands in for it. */
export const hardFilters: Wrapper<Params> = {
  key: 'hard-filters',
  title: 'Availability and maturity',
  summary: 'Leaves out what is not available now, not licensed here, or rated above what the member may see.',
  reference: 'Amatriain and Basilico (2015), Recommender systems in industry: a Netflix case study',
  params: defineParams(hardFilterSchema),
  hard: true,
  limitAttributes: ({ country, maturityLimit }) => [country, maturityLimit],
  limitFeatures: ({ from, until, countries, maturity }) => [from, until, countries, maturity],
  eligible: ({ actions, at, context }, params) => {
    const given = context[params.maturityLimit];
    const limit = typeof given === 'number' ? given : params.maturityDefault;
    return Uint8Array.from(actions, ({ features }) =>
      Number(
        isAvailable(features, at, params) &&
          isLicensed(features, context, params) &&
          isMeantFor(features, limit, params),
      ),
    );
  },
};
