import type { Arm, Experiment, Json, Slice } from '#experiments';
import { homeRows } from './catalogue.js';

export type MetricKey =
  | 'click-through'
  | 'play-rate'
  | 'watch-minutes'
  | 'completion'
  | 'sessions-per-week'
  | 'retention-day-1'
  | 'retention-day-7'
  | 'retention-day-28'
  | 'cancellations';

/** A configured policy; the shape of `POST /v1/policies`. */
export interface ReadyPolicy {
  readonly id: string;
  /** Key in the registry of policies. */
  readonly key: string;
  readonly title: string;
  readonly params: Readonly<Record<string, Json>>;
  /** How scores become an order; policies that give probabilities don't need it. */
  readonly exploration: { readonly key: string; readonly params: Readonly<Record<string, Json>> };
  /** Least probability of every action. */
  readonly floor: number;
  readonly reward: {
    readonly outcomes: readonly { readonly name: string; readonly value: 'one' | 'value' }[];
    readonly combine: 'max' | 'sum' | 'any';
    readonly signals?: Readonly<
      Record<
        string,
        {
          readonly outcomes: readonly { readonly name: string; readonly value: 'one' | 'value' }[];
          readonly combine: 'max' | 'sum' | 'any';
        }
      >
    >;
  };
  /** Share of choices that is not shown. */
  readonly withhold?: { readonly share: number; readonly steadyFor: 'always' };
  /** 0: learns at the first matching outcome, and from its absence never. */
  readonly windowSeconds: number;
  readonly learning: boolean;
  /** Of policies that learn in training runs: every night. */
  readonly training?: { readonly schedule: { readonly at: string; readonly timeZone: string } };
  /** Asked about every decision without serving; must stand earlier in the list. */
  readonly shadow?: { readonly policyId: string };
}

export interface ReadyExperiment {
  readonly experiment: Experiment;
  readonly hypothesis: string;
  readonly decisionMetric: MetricKey;
  readonly secondaryMetrics: readonly MetricKey[];
  readonly guardrailMetrics: readonly MetricKey[];
  readonly minimumDays: number;
}

const clicked = { outcomes: [{ name: 'click', value: 'one' }], combine: 'any' } as const;
/** A click comes within a dozen seconds of the image; waiting longer would only delay learning. */
const clickWindowSeconds = 30;

function withFirst(rowId: string): string[] {
  return [rowId, ...homeRows.map((row) => row.id).filter((id) => id !== rowId)];
}

/** Policies that the ready experiments name. */
export const readyPolicies: readonly ReadyPolicy[] = [
  still('home-default-order', 'fixed-order', 'Rows as the editors order them', {
    order: homeRows.map((row) => row.id),
  }),
  still('home-continue-first', 'fixed-order', 'Continue watching on top', {
    order: withFirst('row-continue'),
  }),
  still('artwork-studio-default', 'fixed-order', "The studio's default image", {}),
  still('artwork-uniform', 'uniform-random', 'Any image, equally likely', {}),
  // By rate, not by count: a count never lets an image overtake that nobody has been shown.
  learner('artwork-most-clicked', 'epsilon-greedy', 'The most clicked image of each title', {
    epsilon: 0.1,
    priorMean: 0.12,
    priorWeight: 8,
  }),
  learner('artwork-by-taste', 'linear-thompson', 'Linear Thompson sampling on taste and image', {
    sharing: 'shared',
    attributes: ['taste'],
    maxContextFeatures: 8,
  }),
  {
    ...learner('artwork-thompson', 'thompson-beta', 'Thompson sampling per image', {
      priorAlpha: 1,
      priorBeta: 7,
      // Every image gets its chance first, and a few members keep seeing images at random: what the bandit is worth
      // stays measurable.
      wrappers: [
        { key: 'warm-up', params: { decisions: 5 } },
        { key: 'holdback', params: { share: 0.02 } },
      ],
    }),
    // It learns in an experiment of its own; what would it have earned here?
    shadow: { policyId: 'artwork-by-taste' },
  },
  searching('search-by-words', 'Search by words', { typos: false, graph: false, member: { key: 'none' } }),
  searching('search-by-everything', 'Search by words, sounds, graph and taste', {}),
];

/** Titles by text: trained when the world begins, on its catalogue alone, and every night on what was watched as well. */
function searching(id: string, title: string, params: ReadyPolicy['params']): ReadyPolicy {
  return {
    ...still(id, 'search', title, params),
    // Mostly by score; the rest tells how far down members look.
    exploration: { key: 'plackett-luce', params: { temperature: 0.5 } },
    windowSeconds: 300,
    learning: true,
    training: { schedule: { at: '03:15', timeZone: 'UTC' } },
  };
}

type PolicyText = readonly [id: string, key: string, title: string, params: ReadyPolicy['params']];

function policy([id, key, title, params]: PolicyText, learning: boolean, floor: number): ReadyPolicy {
  const exploration = { key: 'greedy', params: {} };
  return {
    id,
    key,
    title,
    params,
    exploration,
    floor,
    reward: clicked,
    windowSeconds: clickWindowSeconds,
    learning,
  };
}

function still(...text: PolicyText): ReadyPolicy {
  return policy(text, false, 0);
}

/** Learners keep one per cent of every choice open, so that the log can judge any other policy. */
function learner(...text: PolicyText): ReadyPolicy {
  return policy(text, true, 0.01);
}

function valueArm(key: string, title: string, value: Json, isControl = false): Arm {
  return { key, title, weight: 1, isControl, treatment: { kind: 'value', value } };
}

export function policyArm(
  key: string,
  title: string,
  policyId: string,
  weight: number,
  isControl = false,
  slice?: Slice,
): Arm {
  // A bandit draws anew for each decision, so that it learns from every look; fixed ones don't care.
  const treatment = { kind: 'policy', policyId, steadyFor: 'decision' } as const;
  return {
    key,
    title,
    weight,
    isControl,
    treatment: slice === undefined ? treatment : { ...treatment, slice },
  };
}

export function running(
  key: string,
  title: string,
  place: Pick<Experiment, 'surface' | 'layer'> & Partial<Pick<Experiment, 'layerRange' | 'traffic'>>,
  arms: readonly Arm[],
): Experiment {
  return {
    key,
    title,
    unitType: 'member',
    status: 'running',
    layerRange: [0, 1],
    traffic: 1,
    targeting: null,
    phase: 1,
    salt: key,
    shippedArm: null,
    arms,
    ...place,
  };
}

/** Seven experiments, each with a lesson whose answer stands in the truth file (truth.ts). */
export const readyExperiments: readonly ReadyExperiment[] = [
  {
    experiment: running(
      'continue-watching-first',
      'Continue watching on top',
      { surface: 'home.rows', layer: 'home' },
      [
        policyArm('control', 'Order of the editors', 'home-default-order', 1, true),
        policyArm('continue-first', 'Continue watching first', 'home-continue-first', 1),
      ],
    ),
    hypothesis: 'Members who left a title unfinished find it at once, play more and stay longer.',
    decisionMetric: 'click-through',
    secondaryMetrics: [
      'play-rate',
      'watch-minutes',
      'sessions-per-week',
      'retention-day-1',
      'retention-day-7',
      'retention-day-28',
      'cancellations',
    ],
    guardrailMetrics: ['completion'],
    minimumDays: 7,
  },
  {
    experiment: running(
      'friendlier-notifications',
      'A friendlier notification',
      { surface: 'notification', layer: 'messages' },
      [
        valueArm('control', 'Plain wording', { template: 'plain' }, true),
        valueArm('friendly', 'Friendly wording', { template: 'friendly' }),
      ],
    ),
    hypothesis: 'A warmer text brings members back more often.',
    decisionMetric: 'sessions-per-week',
    secondaryMetrics: ['watch-minutes', 'retention-day-7'],
    guardrailMetrics: ['cancellations'],
    minimumDays: 7,
  },
  {
    experiment: running(
      'semantic-search',
      'Semantic search',
      { surface: 'search.results', layer: 'search' },
      [
        valueArm('control', 'Classic engine', { engine: 'classic' }, true),
        valueArm('semantic', 'Semantic engine', { engine: 'semantic' }),
      ],
    ),
    hypothesis: 'Results by meaning lead to more plays.',
    decisionMetric: 'click-through',
    secondaryMetrics: ['play-rate', 'watch-minutes'],
    guardrailMetrics: ['sessions-per-week', 'cancellations'],
    minimumDays: 7,
  },
  {
    experiment: running(
      'shorter-countdown',
      'Five seconds to the next episode',
      { surface: 'player.autoplay', layer: 'player', traffic: 0.15 },
      [
        valueArm('control', 'Ten seconds', { countdownSeconds: 10 }, true),
        valueArm('five-seconds', 'Five seconds', { countdownSeconds: 5 }),
      ],
    ),
    hypothesis: 'A shorter countdown keeps a few more members watching.',
    decisionMetric: 'watch-minutes',
    secondaryMetrics: ['play-rate', 'sessions-per-week'],
    guardrailMetrics: ['completion', 'cancellations'],
    minimumDays: 7,
  },
  {
    experiment: running(
      'artwork-bandit',
      'Artwork by bandit',
      { surface: 'title.artwork', layer: 'artwork', layerRange: [0, 0.5] },
      [
        policyArm('control', "Studio's image", 'artwork-studio-default', 4, true),
        policyArm('bandit', 'Thompson sampling', 'artwork-thompson', 5),
        policyArm('uniform', 'Uniform exploration', 'artwork-uniform', 1),
      ],
    ),
    hypothesis: 'A bandit finds the image of each title that most members click.',
    decisionMetric: 'click-through',
    secondaryMetrics: ['watch-minutes', 'completion', 'sessions-per-week', 'cancellations'],
    // Clicks must not be empty: an image that promises too much is clicked and not played.
    guardrailMetrics: ['play-rate'],
    minimumDays: 7,
  },
  {
    experiment: running(
      'artwork-by-taste',
      'Artwork by taste',
      { surface: 'title.artwork', layer: 'artwork', layerRange: [0.5, 1] },
      [
        policyArm('control', 'Most clicked image', 'artwork-most-clicked', 1, true),
        policyArm('contextual', 'Image by taste', 'artwork-by-taste', 1),
      ],
    ),
    hypothesis: 'The best image differs by taste: faces for some, action for others.',
    decisionMetric: 'click-through',
    secondaryMetrics: ['watch-minutes', 'completion', 'sessions-per-week', 'cancellations'],
    // Clicks must not be empty: an image that promises too much is clicked and not played.
    guardrailMetrics: ['play-rate'],
    minimumDays: 7,
  },
  {
    experiment: running(
      'search-that-understands',
      'Search that understands',
      { surface: 'search.titles', layer: 'results' },
      [
        policyArm('control', 'Search by words', 'search-by-words', 1, true),
        policyArm('understands', 'Typos, sounds, graph and taste', 'search-by-everything', 1),
      ],
    ),
    hypothesis: 'Members who misspell a name, or say it, find the title all the same.',
    decisionMetric: 'click-through',
    secondaryMetrics: ['watch-minutes', 'sessions-per-week', 'cancellations'],
    guardrailMetrics: ['completion'],
    minimumDays: 7,
  },
];
