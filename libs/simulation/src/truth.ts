import { bestArtwork, bestArtworkOfSegment, expectedLift, styleRates } from './artwork-truth.js';
import { crashing } from './behaviour.js';
import type { ArtworkStyle } from './catalogue.js';
import { tasteSegments, type TasteSegment } from './members.js';
import { messageTruth, type MessageTruth } from './messages.js';
import { readyExperiments, type MetricKey } from './ready-experiments.js';
import { rowImageTruth, type RowImageTruth } from './row-image-truth.js';
import type { World, WorldSize } from './world.js';

export type Lesson =
  | 'clear-win'
  | 'true-null'
  | 'broken-sample-ratio'
  | 'underpowered'
  | 'bandit-converging'
  | 'opposite-winners'
  | 'better-search'
  | 'recommenders';

/** The true effect of an arm on a metric against control. */
export interface EffectTruth {
  readonly metric: MetricKey;
  readonly arm: string;
  /** The true relative lift lies in this range, whatever a report says; [0, 0] is exactly none. */
  readonly lift: readonly [lower: number, upper: number];
  /** Whether an honest report on 5,000 members and 28 days must have an interval without 0. */
  readonly conclusive: boolean;
}

export interface ExperimentTruth {
  readonly experiment: string;
  readonly lesson: Lesson;
  /** What the sample-ratio check must say. */
  readonly sampleRatio: 'pass' | 'fail';
  /** Verdicts that are right for this experiment after 28 days. */
  readonly verdicts: readonly ('ship' | 'wait' | 'stop' | 'fix-first')[];
  /** Arm that is truly better, or null where none is or none can be known. */
  readonly winner: string | null;
  readonly effects: readonly EffectTruth[];
  /** Why: a sentence for the reader of the report. */
  readonly because: string;
}

export interface ArtworkTruth {
  /** Title id to the image that is best on average. */
  readonly best: Readonly<Record<string, string>>;
  /** `segment/title id` to the image that is best for the segment. */
  readonly bestBySegment: Readonly<Record<string, string>>;
  /** Mean click rate per style, of everybody and per taste. */
  readonly clickRates: Readonly<Record<'everybody' | TasteSegment, Readonly<Record<ArtworkStyle, number>>>>;
  /** The style that is best on average, and the best one of each taste. */
  readonly bestStyle: Readonly<Record<'everybody' | TasteSegment, ArtworkStyle>>;
}

/** What is true in a world, for programs: a report on the world must find it. */
export interface TruthFile {
  readonly seed: string;
  readonly size: WorldSize;
  readonly experiments: readonly ExperimentTruth[];
  readonly artwork: ArtworkTruth;
  /** Of the images within rows: what showing one adds. */
  readonly rowImages: RowImageTruth;
  readonly messages: MessageTruth;
}

/**
 * Everything about artwork is computed from the laws of behaviour; ranges of effects that come about through
 * sessions and moods were measured with the oracle (truth.spec.ts measures them again).
 */
export function truthOf(world: World): TruthFile {
  return {
    seed: world.seed,
    size: world.size,
    experiments: experimentTruths(world),
    artwork: artworkTruth(world),
    rowImages: rowImageTruth(world),
    messages: messageTruth(world),
  };
}

function artworkTruth(world: World): ArtworkTruth {
  const groups = [null, ...tasteSegments] as const;
  const named = groups.map((segment) => [segment ?? 'everybody', styleRates(world, segment)] as const);
  const clickRates = Object.fromEntries(named) as ArtworkTruth['clickRates'];
  const best = (rates: Readonly<Record<ArtworkStyle, number>>): ArtworkStyle =>
    (Object.keys(rates) as ArtworkStyle[]).reduce((a, b) => (rates[b] > rates[a] ? b : a));
  return {
    best: Object.fromEntries(bestArtwork(world)),
    bestBySegment: Object.fromEntries(bestArtworkOfSegment(world)),
    clickRates,
    bestStyle: Object.fromEntries(
      named.map(([group, rates]) => [group, best(rates)]),
    ) as ArtworkTruth['bestStyle'],
  };
}

function unchanged(experiment: string): EffectTruth[] {
  const ready = readyExperiments.find((candidate) => candidate.experiment.key === experiment);
  if (!ready) return [];
  const metrics = [ready.decisionMetric, ...ready.secondaryMetrics, ...ready.guardrailMetrics];
  const arms = ready.experiment.arms.filter((arm) => !arm.isControl);
  return arms.flatMap((arm) =>
    metrics.map((metric) => ({ metric, arm: arm.key, lift: [0, 0], conclusive: false }) as const),
  );
}

function experimentTruths(world: World): ExperimentTruth[] {
  return [
    {
      experiment: 'continue-watching-first',
      lesson: 'clear-win',
      sampleRatio: 'pass',
      verdicts: ['ship'],
      winner: 'continue-first',
      because: 'The row that many members look for stands where everybody looks.',
      effects: [
        { metric: 'click-through', arm: 'continue-first', lift: [0.2, 0.37], conclusive: true },
        { metric: 'play-rate', arm: 'continue-first', lift: [0.02, 0.12], conclusive: false },
        { metric: 'watch-minutes', arm: 'continue-first', lift: [0.02, 0.12], conclusive: false },
      ],
    },
    {
      experiment: 'friendlier-notifications',
      lesson: 'true-null',
      sampleRatio: 'pass',
      verdicts: ['wait', 'stop'],
      winner: null,
      because: 'Nobody in this world reacts to the wording.',
      effects: unchanged('friendlier-notifications'),
    },
    {
      experiment: 'semantic-search',
      lesson: 'broken-sample-ratio',
      sampleRatio: 'fail',
      verdicts: ['fix-first'],
      winner: null,
      because: `The app on ${crashing.device} dies when it draws the new results, so those exposures never arrive.`,
      effects: [],
    },
    {
      experiment: 'shorter-countdown',
      lesson: 'underpowered',
      sampleRatio: 'pass',
      verdicts: ['wait', 'stop'],
      winner: null,
      because: 'The effect is real, but a hundredth of the mean; so few members can not show it.',
      effects: [{ metric: 'watch-minutes', arm: 'five-seconds', lift: [0, 0.03], conclusive: false }],
    },
    ...artworkExperimentTruths(world),
    searchTruth(world),
  ];
}

/**
 * Search by words finds what is spelled as it stands in the catalogue; one that understands finds nearly everything. Both put
 * other titles above some, so that the lift lies on either side of the one between perfect searches.
 */
function searchTruth({ searchIntents }: World): ExperimentTruth {
  const plain = searchIntents.filter(({ isPlain }) => isPlain).length;
  const perfect = searchIntents.length / plain - 1;
  return {
    experiment: 'search-that-understands',
    lesson: 'better-search',
    sampleRatio: 'pass',
    verdicts: ['ship'],
    winner: 'understands',
    because: 'Three of seven queries are misspelled or misheard, and by words alone they find nothing.',
    effects: [
      {
        metric: 'click-through',
        arm: 'understands',
        lift: [0.6 * perfect, 1.4 * perfect],
        conclusive: true,
      },
    ],
  };
}

function artworkExperimentTruths(world: World): ExperimentTruth[] {
  const bandit = expectedLift(world, 'landscape', 'best');
  const contextual = expectedLift(world, 'best', 'best-of-segment');
  return [
    {
      experiment: 'artwork-bandit',
      lesson: 'bandit-converging',
      sampleRatio: 'pass',
      verdicts: ['ship'],
      winner: 'bandit',
      because:
        'Of each title one image is clicked most; a learner gives it to nearly everybody after some weeks.',
      // Learning costs: the lift of a learner lies between a part of the oracle's and the oracle's.
      effects: [
        { metric: 'click-through', arm: 'bandit', lift: [0.35 * bandit, bandit + 0.1], conclusive: true },
      ],
    },
    {
      experiment: 'artwork-by-taste',
      lesson: 'opposite-winners',
      sampleRatio: 'pass',
      verdicts: ['ship'],
      winner: 'contextual',
      because: 'Faces win for some members and lose for others: no single image is best for all.',
      effects: [
        {
          metric: 'click-through',
          arm: 'contextual',
          // The control learns too, and explores for ever: the lift may also be larger than that between two oracles.
          lift: [0.3 * contextual, contextual + 0.25],
          conclusive: true,
        },
      ],
    },
  ];
}
