import { defineParams } from '#experiments';
import type { Context, ParamsSchema } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy } from '../../contract.js';
import type { HazardModel } from './hazard.js';
import type { NextTitleShares } from './next-title.js';

const attribute = z.string().min(1).max(100);
const ownParams = {
  visitOutcome: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default('session_start')
    .describe('Outcome that begins a visit. Plays count as visits as well; null: plays alone.'),
  gapMinutes: z
    .number()
    .min(1)
    .max(10_080)
    .default(60)
    .describe('A visit begins when nothing has happened for so many minutes.'),
  halfLifeDays: z
    .number()
    .positive()
    .max(3650)
    .default(45)
    .describe('After so many days a visit counts half for the rate and the rhythm of its member.'),
  shrinkRate: z
    .number()
    .positive()
    .max(1000)
    .default(2)
    .describe('Visits that the rate of all members is worth beside the member’s own.'),
  shrinkRhythm: z
    .number()
    .positive()
    .max(1000)
    .default(15)
    .describe('Visits that the rhythm of all members is worth beside the member’s own.'),
  horizonDays: z.int().min(1).max(90).default(28).describe('How far ahead visits are foreseen, in days.'),
  visits: attribute
    .default('visits')
    .describe('Context attribute that lists the times of the member’s visits, the newest last.'),
  budget: attribute
    .default('prefetchBudget')
    .describe(
      'Context attribute with the room for titles that are loaded ahead; without it, any number fits.',
    ),
  size: attribute
    .default('megabytes')
    .describe('Feature with the size of a title, in the unit of the budget.'),
};

export interface Params {
  readonly visitOutcome: string | null;
  readonly gapMinutes: number;
  readonly halfLifeDays: number;
  readonly shrinkRate: number;
  readonly shrinkRhythm: number;
  readonly horizonDays: number;
  readonly visits: string;
  readonly budget: string;
  readonly size: string;
  /** The recommender that ranks titles which are new to the member. */
  readonly titles: { readonly key: string; readonly params: unknown };
}

export interface State {
  readonly hazard: HazardModel;
  readonly shares: NextTitleShares;
  /** What is known of parts of series, by id. */
  readonly parts: ReadonlyMap<string, Context>;
  readonly titles: { readonly key: string; readonly state: unknown };
}

export type Known = ReadonlyMap<string, RecommenderPolicy>;

export function paramsOf(known: Known): ParamsSchema<Params> {
  const outer = defineParams(
    z.object({
      ...ownParams,
      titles: z
        .strictObject({
          key: z.enum([...known.keys()]).describe('Policy.'),
          params: z.record(z.string(), z.json()).default({}).describe('Parameters of that policy.'),
        })
        .default({ key: 'markov-knn', params: {} })
        .describe('The recommender that ranks titles which are new to the member.'),
    }),
  );
  return {
    jsonSchema: outer.jsonSchema,
    parse: (input) => {
      const { titles, ...own } = outer.parse(input);
      const params = (known.get(titles.key) as RecommenderPolicy).params.parse(titles.params);
      return { ...own, titles: { key: titles.key, params } };
    },
  };
}
