import { createRng, defineParams, DomainError } from '#experiments';
import type { Json, Rng } from '#experiments';
import { z } from 'zod';
import { stateObject } from '../codec.js';
import type { BanditPolicy, Chooser, CorrectedReward, RewardedDecision } from '../contract.js';
import { checkRewarded } from './decayed-counts.js';
import { correctLinear, isSum } from './linear-correct.js';
import { laidOut, readBatch } from './linear-layout.js';
import { learnVectors } from './linear-learn.js';
import { identityLink } from './linear-link.js';
import { compileLinear } from './linear-model.js';
import { linearFields } from './linear-params.js';
import {
  decodeLinearState,
  encodeLinearState,
  initialLinearState,
  LINEAR_READABLE,
  LINEAR_STATE_VERSION,
} from './linear-state.js';
import type { LinearState } from './linear-state.js';

const schema = z.object({
  ...linearFields,
  models: z.int().min(2).max(100).default(10).describe('Regressions that vote, each on its own resample.'),
  epsilon: z
    .number()
    .min(1e-4)
    .max(1)
    .default(0.02)
    .describe(
      'Share of decisions taken uniformly at random: without it an action without votes is never tried.',
    ),
});
type Params = z.output<typeof schema>;

/** One model per resample; all have the same layout. */
type BootstrapState = readonly LinearState[];

/** Poisson(1) by inversion. */
function poisson(rng: Rng): number {
  let left = rng.uniform();
  let p = Math.exp(-1);
  let k = 0;
  while (left >= p && k < 16) {
    left -= p;
    p /= ++k;
  }
  return k;
}

/** How often each model sees each decision, one array per model. Seeded by the decision: a replay draws the same. */
function resample(batch: readonly RewardedDecision[], models: number): Uint8Array[] {
  const copies = Array.from({ length: models }, () => new Uint8Array(batch.length));
  batch.forEach(({ decisionId }, n) => {
    const rng = createRng(`bootstrap ${decisionId}`);
    for (const model of copies) model[n] = poisson(rng);
  });
  return copies;
}

function update(state: BootstrapState, batch: readonly RewardedDecision[], params: Params): BootstrapState {
  if (batch.length === 0) return state;
  batch.forEach(checkRewarded);
  const first = state[0] as LinearState;
  const read = readBatch(first, batch, params);
  const { contextFeatures, actionFeatures } = read.state;
  const grown = read.state !== first;
  return resample(batch, state.length).map((copies, k) => {
    const old = state[k] as LinearState;
    const model = grown ? laidOut({ ...old, contextFeatures, actionFeatures }, old, params) : old;
    return learnVectors(model, batch, read.vectors, params, identityLink, copies);
  });
}

/** Each model as often as it saw the decision; the seed is the decision's. */
function correct(state: BootstrapState, batch: readonly CorrectedReward[], params: Params): BootstrapState {
  return resample(batch, state.length).map((copies, k) =>
    correctLinear(state[k] as LinearState, batch, params, copies),
  );
}

function compile(state: BootstrapState, params: Params): Chooser {
  const models = state.map((model) => compileLinear(model, params));
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    scores: (request) => {
      const sum = new Float64Array(request.actions.length);
      for (const model of models) {
        const means = model.means(request);
        for (let i = 0; i < sum.length; i++)
          sum[i] = (sum[i] as number) + (means[i] as number) / models.length;
      }
      return sum;
    },
    distribution: (request) => {
      const count = request.actions.length;
      const p = new Float64Array(count).fill(params.epsilon / count);
      const vote = (1 - params.epsilon) / models.length;
      for (const model of models) addVote(p, model.means(request), vote);
      return p;
    },
  };
}

/** One model's vote goes to its best action; the best share it when there are several. */
function addVote(p: Float64Array, means: Float64Array, vote: number): void {
  let best = -Infinity;
  let ties = 0;
  for (const mean of means) {
    if (mean > best) ties = 0;
    best = Math.max(best, mean);
    if (mean === best) ties++;
  }
  for (let i = 0; i < p.length; i++) if (means[i] === best) p[i] = (p[i] as number) + vote / ties;
}

function decode(json: Json): BootstrapState {
  const { models } = stateObject(json);
  if (!Array.isArray(models) || models.length === 0) {
    throw new DomainError('invalid_state', 'the stored state holds no models', '/models');
  }
  return models.map((model: Json) => decodeLinearState(model));
}

/**
 * Online bootstrap: several ridge regressions, each of which sees every decision Poisson(1) times. Each votes for its
 * best action, and an action is played as often as it has votes: where the data leave no doubt they agree. The
 * probabilities are exact given the models, and a uniform share keeps them above zero.
 */
export const bootstrap: BanditPolicy<Params, BootstrapState> = {
  key: 'bootstrap',
  title: 'Bootstrap',
  summary: 'Several models learn from resampled decisions and vote; what they disagree about is explored.',
  reference: 'Eckles and Kaptein (2014), Thompson sampling with the online bootstrap; Oza and Russell (2001)',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: LINEAR_STATE_VERSION,
  readableStateVersions: LINEAR_READABLE,
  initialState: ({ models }) => Array.from({ length: models }, initialLinearState),
  update,
  correct,
  corrects: (params) => isSum(params, identityLink),
  encode: (state) => ({ models: state.map(encodeLinearState) }),
  decode,
  compile,
};
