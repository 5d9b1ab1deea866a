import { z } from 'zod';
import {
  compileMongoCondition,
  evaluateExperiment,
  evaluateFeature,
  queryStringOverride,
} from '#experiments';
import type { GrowthBookContext, GrowthBookExperiment, Json, StickyDocument } from '#experiments';

export interface Outcome {
  readonly title: string;
  readonly expected: unknown;
  readonly actual: unknown;
}
export type Check = (input: unknown) => Outcome;

const record = z.record(z.string(), z.json());
/** The payload's parts are read as they are: the evaluator must cope with whatever the reference cases hold. */
const context = z.looseObject({ attributes: record.optional() });
const contextOf = (given: z.output<typeof context>): GrowthBookContext =>
  given as unknown as GrowthBookContext;

const sticky = z.object({
  attributeName: z.string(),
  attributeValue: z.string(),
  assignments: z.record(z.string(), z.string()),
});
const idOf = (document: StickyDocument): string => `${document.attributeName}||${document.attributeValue}`;

const evalCondition: Check = (input) => {
  const [title, condition, attributes, expected, savedGroups] = z
    .tuple([z.string(), record, record, z.boolean(), z.record(z.string(), z.array(z.json())).optional()])
    .parse(input);
  return { title, expected, actual: compileMongoCondition(condition as Json)(attributes, savedGroups) };
};

const feature: Check = (input) => {
  const [title, given, key, expected] = z.tuple([z.string(), context, z.string(), z.unknown()]).parse(input);
  return { title, expected, actual: evaluateFeature(contextOf(given), key) };
};

const run: Check = (input) => {
  const [title, given, experiment, value, inExperiment, hashUsed] = z
    .tuple([
      z.string(),
      context,
      z.looseObject({ key: z.string(), variations: z.array(z.json()) }),
      z.json(),
      z.boolean(),
      z.boolean(),
    ])
    .parse(input);
  const result = evaluateExperiment(contextOf(given), experiment as unknown as GrowthBookExperiment);
  return {
    title,
    expected: [value, inExperiment, hashUsed],
    actual: [result.value, result.inExperiment, result.hashUsed],
  };
};

const stickyBucket: Check = (input) => {
  const [title, given, documents, key, result, stored] = z
    .tuple([z.string(), context, z.array(sticky), z.string(), z.unknown(), z.record(z.string(), sticky)])
    .parse(input);
  const kept = new Map<string, StickyDocument>(documents.map((document) => [idOf(document), document]));
  const { experimentResult } = evaluateFeature({ ...contextOf(given), sticky: kept }, key);
  return {
    title,
    expected: [result, stored],
    actual: [experimentResult ?? null, Object.fromEntries(kept)],
  };
};

const getQueryStringOverride: Check = (input) => {
  const [title, key, url, arms, expected] = z
    .tuple([z.string(), z.string(), z.string(), z.number(), z.number().nullable()])
    .parse(input);
  return { title, expected, actual: queryStringOverride(key, url, arms) };
};

/** The kinds of GrowthBook's file that evaluate conditions, features and experiments. */
export const EVALUATION_CHECKS: Readonly<Record<string, Check>> = {
  evalCondition,
  feature,
  run,
  stickyBucket,
  contextualBandit: feature,
  getQueryStringOverride,
};
