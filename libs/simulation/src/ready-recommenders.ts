import type { Arm, Json } from '#experiments';
import { millisecondsPerDay } from './calendar.js';
import type { ReadyExperiment, ReadyPolicy } from './ready-experiments.js';
import { titleOf, type Release } from './shelf.js';

const played = { outcomes: [{ name: 'play', value: 'one' }], combine: 'any' } as const;
/** A play follows the click on a title within seconds. */
const playWindowSeconds = 60;

function ranker(id: string, key: string, title: string, params: Readonly<Record<string, Json>>): ReadyPolicy {
  return {
    id,
    key,
    title,
    params,
    // A little chance in every place, so that the log can judge other orders.
    exploration: { key: 'epsilon-mix', params: { epsilon: 0.05 } },
    floor: 0,
    reward: played,
    windowSeconds: playWindowSeconds,
    learning: true,
    ...(key === 'most-popular' ? {} : { training: { schedule: { at: '03:30', timeZone: 'UTC' } } }),
  };
}

/** What ranks titles in the picks and after a playback. All but the first learn in training runs. */
export const recommenderPolicies: readonly ReadyPolicy[] = [
  ranker('titles-popular', 'most-popular', 'Most played titles, by season', {
    season: true,
    attribute: 'genre',
    halfLifeDays: 28,
  }),
  // The parts without a network, trained in a second. In a catalogue of forty titles the genres say it all, and many titles must
  // be hidden in training to learn how far attributes carry.
  ranker('titles-hybrid', 'hybrid', 'Titles by taste and content', {
    parts: ['ease', 'ridge'],
    ignore: ['people', 'year', 'kind'],
    hiddenTitles: 0.4,
    questions: 2000,
  }),
  ranker('titles-in-sequence', 'sequence', 'Titles by the order of the last ones', {
    dimension: 16,
    blocks: 1,
    length: 10,
    batch: 256,
    epochs: 12,
    dropout: 0.1,
    learningRate: 0.01,
  }),
];

function arm(key: string, title: string, policyId: string, isControl = false): Arm {
  return { key, title, weight: 1, isControl, treatment: { kind: 'policy', policyId, steadyFor: 'decision' } };
}

function among(
  key: string,
  title: string,
  surface: string,
  layer: string,
  arms: readonly Arm[],
): ReadyExperiment['experiment'] {
  return {
    key,
    title,
    surface,
    layer,
    layerRange: [0, 1],
    unitType: 'member',
    status: 'running',
    traffic: 1,
    targeting: null,
    phase: 1,
    salt: key,
    shippedArm: null,
    arms,
  };
}

/** Experiments among recommenders; what is true of them is computed by playing the world once per arm. */
export const recommenderExperiments: readonly ReadyExperiment[] = [
  {
    experiment: among('picks-for-you', 'Picks for you', 'home.picks', 'picks', [
      arm('control', 'Most played', 'titles-popular', true),
      arm('hybrid', 'By taste and content', 'titles-hybrid'),
    ]),
    hypothesis: 'Members play more of a row that follows their taste than of what everybody plays.',
    decisionMetric: 'click-through',
    secondaryMetrics: ['watch-minutes', 'sessions-per-week', 'cancellations'],
    // Clicks must not be empty.
    guardrailMetrics: ['play-rate'],
    minimumDays: 7,
  },
  {
    experiment: among('what-comes-next', 'What to watch next', 'player.next', 'next', [
      arm('control', 'By taste and content', 'titles-hybrid', true),
      arm('sequence', 'By the order of the last titles', 'titles-in-sequence'),
    ]),
    hypothesis: 'After a title the last ones say more about the next than a long memory does.',
    decisionMetric: 'click-through',
    secondaryMetrics: ['play-rate', 'watch-minutes'],
    guardrailMetrics: ['completion'],
    minimumDays: 7,
  },
];

/** Days of the demo's history after which its recommenders are trained and their experiments start. */
export const recommendersFromDay = 14;

/** The demo's new titles: one comes while the experiments run, the other when the history ends and live traffic begins. */
export function demoReleases(seed: string, from: number, days: number): Release[] {
  const comesAt = (day: number): number => from + day * millisecondsPerDay;
  return [
    // Science fiction, and horror.
    { title: titleOf(seed, 44), at: comesAt(Math.min(days, recommendersFromDay + 7)) },
    { title: titleOf(seed, 45), at: comesAt(days) },
  ];
}
