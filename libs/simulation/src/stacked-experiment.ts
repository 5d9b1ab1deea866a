import { policyArm, running, type ReadyExperiment, type ReadyPolicy } from './ready-experiments.js';

/** A click comes within seconds of the image, and so does regret about it. */
const windowSeconds = 60;
const clicked = { outcomes: [{ name: 'click', value: 'one' }], combine: 'any' } as const;
const greedy = { key: 'greedy', params: {} };

/** Policies of the image that a title shows once its row was opened: the row's decision is the parent of theirs. */
export const stackedPolicies: readonly ReadyPolicy[] = [
  {
    id: 'row-image-most-clicked',
    key: 'epsilon-greedy',
    title: 'The most clicked image, within a row',
    params: { epsilon: 0.1, priorMean: 0.25, priorWeight: 8 },
    exploration: greedy,
    floor: 0.01,
    reward: clicked,
    windowSeconds,
    learning: true,
  },
  {
    id: 'row-image-by-taste',
    key: 'linear-thompson',
    title: 'Image by taste, within a row, few regrets',
    params: {
      sharing: 'shared',
      attributes: ['taste'],
      maxContextFeatures: 8,
      wrappers: [{ key: 'constrained', params: { signal: 'regret', most: 0.06, step: 0.002 } }],
    },
    exploration: greedy,
    floor: 0.01,
    reward: {
      ...clicked,
      signals: { regret: { outcomes: [{ name: 'skip', value: 'one' }], combine: 'any' } },
    },
    windowSeconds,
    // Some members see no image: what showing one adds stands in the truth file.
    withhold: { share: 0.05, steadyFor: 'always' },
    learning: true,
  },
];

/**
 * One policy against another, with the slices of the second kept apart: 85 % are served and learned from, 5 % are served as
 * everybody is and not learned from, 5 % get uniform choices. The other policy has the last 5 %. It decides below the order of
 * the rows, so a decision's probability on the page is the product of both.
 */
export const stackedExperiment: ReadyExperiment = {
  experiment: running(
    'row-images',
    'Images within rows: two policies',
    { surface: 'row.artwork', layer: 'row-images' },
    [
      policyArm('control', 'Most clicked image', 'row-image-most-clicked', 5, true),
      policyArm('exploration', 'Uniform choices', 'row-image-by-taste', 5, false, 'exploration'),
      policyArm('analysis', 'Image by taste, not learned from', 'row-image-by-taste', 5, false, 'analysis'),
      policyArm('learning', 'Image by taste', 'row-image-by-taste', 85),
    ],
  ),
  hypothesis: 'Within a row the best image differs by taste, and an image brings more clicks than none.',
  decisionMetric: 'click-through',
  secondaryMetrics: ['watch-minutes'],
  guardrailMetrics: ['play-rate'],
  minimumDays: 7,
};
