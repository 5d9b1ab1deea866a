import type { Arm } from '#experiments';
import type { ItemSetUp, PolicySetUp, SetUp } from '../set-up.js';

export const openBanditExperiment = 'open-bandit';
export const openBanditSurface = 'shop.thumbnail';

const clicked = { outcomes: [{ name: 'click', value: 'one' }], combine: 'any' };

function policy(
  id: string,
  key: string,
  title: string,
  params: PolicySetUp['params'],
  learning: boolean,
): PolicySetUp {
  const exploration = { key: 'greedy', params: {} };
  // An accepted row's exposure and click are sent together: the window need not be long.
  return {
    id,
    key,
    title,
    params,
    exploration,
    floor: learning ? 0.002 : 0,
    reward: clicked,
    windowSeconds: 3,
    learning,
  };
}

function arm(key: string, title: string, policyId: string, isControl: boolean): Arm {
  return { key, title, weight: 1, isControl, treatment: { kind: 'policy', policyId, steadyFor: 'decision' } };
}

/** Uniform against linear Thompson sampling over the shop's thumbnails. */
export function openBanditSetUp(items: readonly ItemSetUp[]): SetUp {
  return {
    surfaces: [
      {
        key: openBanditSurface,
        title: 'Open Bandit: thumbnail of a shop',
        kind: 'action',
        defaultValue: null,
        candidateKind: 'zozo-thumbnail',
      },
    ],
    layers: [{ key: 'open-bandit', title: 'Open Bandit replay' }],
    items,
    policies: [
      policy('open-bandit-uniform', 'uniform-random', 'Open Bandit: uniform', {}, false),
      policy(
        'open-bandit-linear',
        'linear-thompson',
        'Open Bandit: linear Thompson sampling',
        {
          sharing: 'shared',
          attributes: ['user_feature_0', 'user_feature_1', 'place'],
          maxContextFeatures: 10,
          // Clicks are rare (about one in 200): their deviation is about 0.07.
          scale: 0.05,
        },
        true,
      ),
    ],
    experiments: [
      {
        key: openBanditExperiment,
        title: 'Open Bandit: uniform against linear Thompson sampling',
        hypothesis:
          'Thumbnails chosen by what is known of item and visitor are clicked more often than random ones.',
        surface: openBanditSurface,
        unitType: 'impression',
        layer: 'open-bandit',
        layerShare: 1,
        traffic: 1,
        arms: [
          arm('uniform', 'Uniform random', 'open-bandit-uniform', true),
          arm('linear-thompson', 'Linear Thompson sampling', 'open-bandit-linear', false),
        ],
        decisionMetric: 'click-through',
        secondaryMetrics: [],
        guardrailMetrics: [],
        minimumDays: 0,
        tags: ['demo', 'open-bandit'],
      },
    ],
  };
}
