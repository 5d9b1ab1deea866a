import { defineParams } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, DecisionRequest } from '../contract.js';
import { studentBelief } from '../sampling/beliefs.js';
import { probabilityBestStudent } from '../sampling/student-best.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import type { Play } from './counted-policy.js';
import { tallyKey } from './decayed-counts.js';
import { addToMoments, decodeMoments, emptyMoments, encodeMoments, momentsOf } from './decayed-moments.js';
import type { DecayedMoments } from './decayed-moments.js';
import { normalPosterior } from './normal-posterior.js';
import type { StudentPosterior } from './normal-posterior.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

const schema = z.object({
  priorMean: z
    .number()
    .min(-1e9)
    .max(1e9)
    .nullable()
    .default(null)
    .describe('Reward expected of an action nobody has seen; null: the mean of everything seen.'),
  priorSd: z
    .number()
    .positive()
    .max(1e9)
    .nullable()
    .default(null)
    .describe('Spread of single rewards to begin with; null: that of everything seen.'),
  priorWeight: z
    .number()
    .min(1e-6)
    .max(1e9)
    .default(1)
    .describe('How many decisions the prior mean is worth.'),
  priorDegrees: z
    .number()
    .min(1)
    .max(1e9)
    .default(2)
    .describe('How many decisions the prior spread is worth.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

function posteriorOf(state: DecayedMoments, params: Params, request: DecisionRequest): StudentPosterior {
  const moments = request.actions.map(({ id }) =>
    momentsOf(state, tallyKey(request.subject, id, params.perSubject), params.halfLifeDays),
  );
  return normalPosterior(moments, params);
}

function play(state: DecayedMoments, params: Params, request: DecisionRequest): Play {
  const { location, scale, degrees } = posteriorOf(state, params, request);
  return { distribution: probabilityBestStudent(location, scale, degrees), scores: location };
}

/** Thompson sampling of means with unknown spread, e.g. minutes watched; each action has a spread of its own. */
export const thompsonNormal: BanditPolicy<Params, DecayedMoments> = {
  key: 'thompson-normal',
  title: 'Thompson sampling (minutes)',
  summary:
    'Plays each action as often as its mean is likely to be the highest. For amounts such as minutes watched, whose spread is learned too.',
  reference:
    'Honda and Takemura (2014), Optimality of Thompson sampling for Gaussian bandits depends on priors; Murphy (2007)',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyMoments,
  update: addToMoments,
  encode: encodeMoments,
  decode: decodeMoments,
  compile: (state, params) => {
    const remember = rememberBySubjectAndActions((request) => play(state, params, request));
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: (request) => remember(request).distribution,
      scores: (request) => remember(request).scores,
      beliefs: (request) => {
        const { location, scale, degrees } = posteriorOf(state, params, request);
        return Array.from(location, (at, i) => studentBelief(at, scale[i] as number, degrees[i] as number));
      },
    };
  },
};
