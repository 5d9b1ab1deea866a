import type { Arm } from '#experiments';
import type { ItemSetUp, PolicySetUp, SetUp } from '../set-up.js';

export const movielensExperiment = 'movielens-recommender';
export const movielensSurface = 'movielens.home';
export const trainedPolicy = 'movielens-als';

/** What members really chose, wherever it stood on the slate or off it: both policies learn from it. */
const chosen = { outcomes: [{ name: 'chosen', value: 'one' }], combine: 'any' };

function policy(id: string, key: string, title: string, params: PolicySetUp['params']): PolicySetUp {
  const exploration = { key: 'greedy', params: {} };
  return { id, key, title, params, exploration, floor: 0, reward: chosen, windowSeconds: 0, learning: true };
}

function arm(key: string, title: string, policyId: string, isControl: boolean): Arm {
  return { key, title, weight: 1, isControl, treatment: { kind: 'policy', policyId, steadyFor: 'decision' } };
}

/** Most popular against matrix factorisation, both trained on the past of the replay. */
export function movielensSetUp(movies: readonly ItemSetUp[]): SetUp {
  return {
    surfaces: [
      {
        key: movielensSurface,
        title: 'MovieLens: what to watch next',
        kind: 'slate',
        defaultValue: null,
        candidateKind: 'movielens-title',
      },
    ],
    layers: [{ key: 'movielens', title: 'MovieLens replay' }],
    items: movies,
    policies: [
      // The replay passes decades within minutes of clock time: popularity doesn't fade.
      policy('movielens-most-popular', 'most-popular', 'MovieLens: most popular', { halfLifeDays: null }),
      policy('movielens-als', 'implicit-als', 'MovieLens: matrix factorisation', {
        dimension: 32,
        iterations: 10,
      }),
    ],
    experiments: [
      {
        key: movielensExperiment,
        title: 'MovieLens: most popular against matrix factorisation',
        hypothesis:
          'Members choose more often from a list made for them than from the titles that most people choose.',
        surface: movielensSurface,
        unitType: 'member',
        layer: 'movielens',
        layerShare: 1,
        traffic: 1,
        arms: [
          arm('most-popular', 'Most popular', 'movielens-most-popular', true),
          arm('als', 'Matrix factorisation', 'movielens-als', false),
        ],
        decisionMetric: 'click-through',
        secondaryMetrics: ['play-rate'],
        guardrailMetrics: [],
        minimumDays: 0,
        tags: ['demo', 'movielens'],
      },
    ],
  };
}
