import { defineParams, DomainError } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { stateObject, stateTexts } from '../codec.js';
import type { BanditPolicy, Chooser, DecisionRequest, RewardedDecision } from '../contract.js';
import { logitNormalBelief } from '../sampling/beliefs.js';
import { probabilityBest } from '../sampling/gaussian-best.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import { attributesField, featureLimitField, maxContextFeaturesField } from './feature-params.js';
import { checkRewarded } from './decayed-counts.js';
import { learn } from './hierarchical/learn.js';
import { decodeModel, emptyModel, encodeModel, vectorizer } from './hierarchical/model.js';
import type { HierarchicalModel } from './hierarchical/model.js';
import { posteriorOf } from './hierarchical/posterior.js';
import type { HierarchicalPosterior, Score } from './hierarchical/posterior.js';
import { actionFeatures } from './hierarchical/prior.js';
import type { Conditional } from './hierarchical/prior.js';

/** Largest number of weights of one model; its matrix is the square of that. */
const MOST_WEIGHTS = 1024;
const variance = (text: string, value: number) =>
  z.number().min(1e-6).max(100).default(value).describe(`Prior variance of ${text}, in log odds.`);

const schema = z.object({
  optimism: z
    .number()
    .min(0)
    .max(10)
    .default(0.75)
    .describe('How many deviations above its mean an action is valued: what is unknown is worth a try.'),
  scale: z
    .number()
    .positive()
    .max(10)
    .default(0.15)
    .describe(
      'Width of the sampling, in deviations of the posterior. 1 with optimism 0 is Thompson sampling; wider logs ' +
        'larger propensities and earns less.',
    ),
  commonVariance: variance('what all actions have in common on a context feature', 0.01),
  sharedVariance: variance('what action features explain of the weight on a context feature', 0.04),
  ownVariance: variance("what is an action's own in its weight on a context feature", 0.02),
  maxProducts: z
    .int()
    .min(0)
    .max(16)
    .default(8)
    .describe(
      'Products of two context features that may be added when the log shows their absence; 0: none.',
    ),
  productLevel: z
    .number()
    .min(1e-12)
    .max(0.5)
    .default(0.01)
    .describe('Significance level, over all pairs, at which a product is added.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
  attributes: attributesField,
  maxContextFeatures: maxContextFeaturesField(128),
  maxActionFeatures: z.int().min(1).max(256).default(16).describe('Features looked at per action.'),
  maxActions: z
    .int()
    .min(1)
    .max(64)
    .default(16)
    .describe(
      'Actions (per subject) with weights of their own; at least as many as are offered at a time. Beyond it the one ' +
        'idle longest is forgotten.',
    ),
  featureLimit: featureLimitField.default(100),
});
export type HierarchicalParams = z.output<typeof schema>;

export interface HierarchicalState {
  /** One model per subject, or the one of all. */
  readonly models: ReadonlyMap<string, HierarchicalModel>;
}

const subjectKey = (subject: string | null, perSubject: boolean): string =>
  perSubject && subject !== null ? `s${subject}` : '';

function actionCapacity(params: HierarchicalParams): number {
  const weights = 1 + params.maxContextFeatures + params.maxProducts;
  return Math.max(1, Math.min(params.maxActions, Math.floor(MOST_WEIGHTS / weights)));
}

function update(
  state: HierarchicalState,
  batch: readonly RewardedDecision[],
  params: HierarchicalParams,
): HierarchicalState {
  if (batch.length === 0) return state;
  batch.forEach(checkRewarded);
  const bySubject = new Map<string, RewardedDecision[]>();
  for (const decision of batch) {
    const key = subjectKey(decision.subject, params.perSubject);
    const rows = bySubject.get(key);
    if (rows === undefined) bySubject.set(key, [decision]);
    else rows.push(decision);
  }
  const models = new Map(state.models);
  const learning = { ...params, maxActions: actionCapacity(params) };
  for (const [key, rows] of bySubject) models.set(key, learn(models.get(key) ?? emptyModel, rows, learning));
  return { models };
}

/** Scores one subject's candidates. */
type Scorer = (request: DecisionRequest) => Score[];

function scorerOf(model: HierarchicalModel, params: HierarchicalParams): Scorer {
  const posterior = posteriorOf(model, model.at, params);
  const vector = vectorizer(model, params.featureLimit);
  const position = new Map(model.arms.map((arm, i) => [arm.id, i]));
  const novel = novelScorer(posterior, params);
  return (request) => {
    const x = vector(request.context);
    const memo = new Map<Conditional, Score>();
    return request.actions.map((action) => {
      const arm = position.get(action.id);
      return arm === undefined ? novel(action, x, memo) : posterior.score(arm, x);
    });
  };
}

/** So many models are made ready when a snapshot is compiled; with more, each waits for its first request. */
const MOST_EAGER = 16;

/** Conditional laws of unknown actions kept per snapshot. */
const MOST_CONDITIONALS = 256;

/** Actions that look alike to the model are computed once: their features are all it knows of them. */
function novelScorer(posterior: HierarchicalPosterior, params: HierarchicalParams) {
  const conditionals = new Map<string, Conditional>();
  return (
    action: DecisionRequest['actions'][number],
    x: Float64Array,
    memo: Map<Conditional, Score>,
  ): Score => {
    const features = actionFeatures(action, params.featureLimit, params.maxActionFeatures);
    const key = JSON.stringify([features.names, [...features.values]]);
    let conditional = conditionals.get(key);
    if (conditional === undefined) {
      if (conditionals.size >= MOST_CONDITIONALS) conditionals.clear();
      conditionals.set(key, (conditional = posterior.prior.given(features)));
    }
    let score = memo.get(conditional);
    if (score === undefined) memo.set(conditional, (score = posterior.scoreGiven(conditional, x)));
    return score;
  };
}

/** Mean of the rate whose logit is normal (MacKay 1992). */
const meanRate = ({ mean, variance }: Score): number =>
  1 / (1 + Math.exp(-mean / Math.sqrt(1 + (Math.PI * variance) / 8)));

function compile(state: HierarchicalState, params: HierarchicalParams): Chooser {
  const scorers = new Map<string, Scorer>();
  if (state.models.size <= MOST_EAGER) {
    for (const [key, model] of state.models) scorers.set(key, scorerOf(model, params));
  }
  const scoresOf = (request: DecisionRequest): Score[] => {
    const key = subjectKey(request.subject, params.perSubject);
    let scorer = scorers.get(key);
    if (scorer === undefined) {
      const model = state.models.get(key);
      scorer = scorerOf(model ?? emptyModel, params);
      // Subjects are the clients' to choose: only those that have a model are remembered.
      if (model !== undefined) scorers.set(key, scorer);
    }
    return scorer(request);
  };
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    scores: (request) => Float64Array.from(scoresOf(request), meanRate),
    beliefs: (request) =>
      scoresOf(request).map((score) => ({
        ...logitNormalBelief(score.mean, Math.sqrt(score.variance)),
        mean: meanRate(score),
      })),
    distribution: (request) => {
      const scores = scoresOf(request);
      const sd = Float64Array.from(scores, (score) => Math.sqrt(score.variance));
      const centre = Float64Array.from(
        scores,
        (score, i) => score.mean + params.optimism * (sd[i] as number),
      );
      return probabilityBest(
        centre,
        sd.map((value) => params.scale * value),
      );
    },
  };
}

function encode(state: HierarchicalState): Json {
  return { keys: [...state.models.keys()], models: [...state.models.values()].map(encodeModel) };
}

function decode(json: Json): HierarchicalState {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const models = stored['models'];
  if (!Array.isArray(models) || models.length !== keys.length) {
    throw new DomainError('invalid_state', `${keys.length} keys do not come with as many models`, '/models');
  }
  return { models: new Map(keys.map((key, i) => [key, decodeModel(models[i] as Json)])) };
}

/**
 * Randomised upper confidence bounds on a hierarchical Bayesian logistic regression. Every action has weights of its
 * own, drawn around what its features have earned elsewhere, so that few rewards say much about all of them; products
 * of context features are added when the residuals show that the model lacks them. Each score is drawn around
 * mean + optimism * deviation, and the probability of each action to have the largest is computed exactly.
 */
export const hierarchicalLogistic: BanditPolicy<HierarchicalParams, HierarchicalState> = {
  key: 'hierarchical-logistic',
  title: 'Hierarchical logistic bandit',
  summary:
    'Learns what all actions share, what their features explain and what is their own, finds products of context ' +
    'features that matter, and prefers what is good or not yet known. Learns fastest; costs most to update.',
  reference:
    'Vaswani, Mehrabian, Durand and Kveton (2020), Old dog learns new tricks: randomized UCB; Bonilla, Chai and ' +
    'Williams (2008), Multi-task Gaussian process prediction',
  learns: 'online',
  leastReward: 0,
  params: defineParams(schema),
  stateVersion: 2,
  initialState: () => ({ models: new Map() }),
  update,
  encode,
  decode,
  compile,
};
