import { z } from 'zod';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import { attributesField, featureLimitField, maxContextFeaturesField } from './feature-params.js';

/** Largest number of context x action products of the shared weights; their matrix is the square of that. */
const MOST_CROSS_FEATURES = 1024;

const strength = z.number().min(1e-6).max(1e9);
export const ridgeField = strength.describe('Strength of the prior: 1 / variance of a weight.');
export const ownRidgeField = strength.describe(
  'hybrid: how firmly the own weights of an action hold to the shared ones, 1 / variance between them.',
);

/** Parameter fields of every policy whose expected reward (or its logit) is linear in the context. */
export const linearFields = {
  sharing: z
    .enum(['disjoint', 'shared', 'hybrid'])
    .default('hybrid')
    .describe(
      'disjoint: every action learns its own weights on the context. shared: one model of context x action features, ' +
        'which knows something about new actions; actions without features are told apart by their id. hybrid: ' +
        'own weights that start from the shared ones, and leave them as far as the data of the action say.',
    ),
  ridge: ridgeField.default(2),
  ownRidge: ownRidgeField.default(20),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
  attributes: attributesField,
  maxContextFeatures: maxContextFeaturesField(256),
  maxActionFeatures: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Action features learned by the shared weights.'),
  featureLimit: featureLimitField.default(100),
};
export type LinearParams = z.output<z.ZodObject<typeof linearFields>>;

/** How many action features fit, given the room for context. */
export function actionCapacity(params: LinearParams): number {
  if (params.sharing === 'disjoint') return 0;
  const room = Math.floor(MOST_CROSS_FEATURES / (params.maxContextFeatures + 1)) - 1;
  return Math.max(1, Math.min(params.maxActionFeatures, room));
}

/** Strength of the prior of an action's own weights. */
export function ownRidge(params: LinearParams): number {
  return params.sharing === 'hybrid' ? params.ownRidge : params.ridge;
}

/** Exploration of a policy that is otherwise certain. Never none: such a log could judge no other policy. */
export const epsilonField = z
  .number()
  .min(1e-4)
  .max(1)
  .default(0.01)
  .describe('Share of decisions taken uniformly at random.');
