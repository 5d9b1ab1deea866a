import type { Json } from '#experiments';
import type { DataCut, FitEvaluation, QualityFigures } from '../policies/fit.js';
import type { StaleFeature } from '../persistence/feature-changes.js';
import { staleSentence } from '../persistence/feature-changes.js';
import type { RegisteredFeature } from '../persistence/feature-rules.js';
import type { RewardDefinition } from '../policies/reward.js';

/** One parameter with the value in use. */
export interface CardParameter {
  readonly name: string;
  readonly value: Json;
  readonly description: string;
}

export interface CardFigure {
  readonly key: keyof QualityFigures;
  readonly title: string;
  readonly value: number;
  readonly popularity: number | null;
}

/** How the serving version did on data that it had not seen. */
export interface CardEvaluation {
  readonly protocol: string;
  readonly heldOutFrom: string | null;
  readonly judgedUnits: number;
  readonly figures: readonly CardFigure[];
  /** Against the version that served when this one was made; null where they were not compared. */
  readonly comparison: FitEvaluation['serving'];
  readonly fitSeconds: number;
  readonly peakMemoryMb: number | null;
}

export interface CardRun {
  readonly id: string;
  readonly status: string;
  readonly createdAt: Date;
  readonly error: string | null;
}

/** What of the registry the serving version reads. */
export interface CardFeatures {
  /** Of the schema now, and when the serving version was made; null: no version serves, or none was noted. */
  readonly schemaVersion: number;
  readonly madeUnder: number | null;
  readonly reads: readonly (Pick<
    RegisteredFeature,
    'entity' | 'name' | 'kind' | 'description' | 'consent'
  > & {
    readonly how: 'named' | 'all';
  })[];
  /** Reads that mean something else since. */
  readonly changed: readonly StaleFeature[];
}

/** What a reader has to know about a policy before relying on it. */
export interface ModelCard {
  readonly generatedAt: Date;
  readonly policy: {
    readonly id: string;
    readonly title: string;
    readonly key: string;
    readonly learns: 'online' | 'batch' | 'never';
  };
  readonly model: {
    readonly title: string;
    readonly summary: string;
    readonly reference: string;
    readonly stateVersion: number;
    readonly parameters: readonly CardParameter[];
  };
  readonly exploration: { readonly key: string; readonly title: string; readonly params: Json };
  readonly floor: number;
  readonly usedBy: readonly {
    readonly experiment: string;
    readonly title: string;
    readonly surface: string;
    readonly arm: string;
    readonly status: string;
  }[];
  readonly learnsFrom: { readonly reward: RewardDefinition; readonly windowSeconds: number } | null;
  readonly serving: {
    readonly version: number;
    readonly madeAt: Date;
    readonly learnedThrough: Date | null;
    readonly rowsUsed: number;
    readonly sha256: string;
    readonly trainingRun: string | null;
    readonly seed: string | null;
  } | null;
  readonly data: DataCut | null;
  readonly features: CardFeatures;
  readonly evaluation: CardEvaluation | null;
  /** The newest evaluation of a candidate on the policy's own log. */
  readonly offPolicy: { readonly run: number; readonly at: Date; readonly answer: string } | null;
  readonly training: { readonly runs: number; readonly failed: number; readonly last: CardRun | null };
  /** Limits and warnings that follow from the facts above, in words. */
  readonly notes: readonly string[];
}

/** Fewest judged units for figures that mean something. */
const FEW_UNITS = 20;
const OLD_DAYS = 14;
const NARROW = 0.1;

const TITLES: Readonly<Record<keyof QualityFigures, string>> = {
  'recall@20': 'Recall@20',
  'ndcg@10': 'NDCG@10',
  'coverage@20': 'Coverage@20',
};

const PROTOCOL =
  'Fitted on the first nine tenths of the outcomes by time, judged on the rest: for each unit all items that it had not ' +
  'used are ranked, and what it then used should stand near the top.';

/** The evaluation that a version carries, as the card shows it; null for versions without one. */
export function cardEvaluation(stored: Json): CardEvaluation | null {
  const evaluation = stored as unknown as (Partial<FitEvaluation> & { peakMemoryMb?: number }) | null;
  if (evaluation?.judgedUnits === undefined || evaluation.data === undefined) return null;
  const { popularity, serving = null, judgedUnits } = evaluation;
  const keys = Object.keys(TITLES) as (keyof QualityFigures)[];
  return {
    protocol: PROTOCOL,
    heldOutFrom: evaluation.data.heldOutFrom,
    judgedUnits,
    figures:
      judgedUnits === 0
        ? []
        : keys.flatMap((key) => {
            const value = evaluation[key];
            return value === undefined
              ? []
              : [{ key, title: TITLES[key], value, popularity: popularity?.[key] ?? null }];
          }),
    comparison: serving,
    fitSeconds: evaluation.fitSeconds ?? 0,
    peakMemoryMb: evaluation.peakMemoryMb ?? null,
  };
}

/** Every parameter of the schema with the value in use, and those that the schema knows only by their kind. */
export function cardParameters(schema: Json, values: unknown): CardParameter[] {
  const { properties = {} } = schema as { properties?: Record<string, { description?: string }> };
  const given = (values ?? {}) as Record<string, Json>;
  return Object.entries(properties)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, { description }]) => ({
      name,
      value: given[name] as Json,
      description: description ?? '',
    }));
}

type Facts = Omit<ModelCard, 'notes'>;

/** What the facts of a card mean for whoever relies on the policy. */
export function notesOf(facts: Facts): string[] {
  if (facts.policy.learns === 'never') return [];
  return [
    ...featureNotes(facts),
    ...servingNotes(facts),
    ...(facts.policy.learns === 'batch' ? batchNotes(facts) : []),
  ];
}

function featureNotes({ features: { changed }, policy }: Facts): string[] {
  return changed.length === 0
    ? []
    : [`What serves was made of features that have changed since: ${staleSentence(changed, policy.learns)}.`];
}

function servingNotes({ serving, generatedAt, policy }: Facts): string[] {
  if (serving === null) {
    return policy.learns === 'batch'
      ? ['No version serves yet: members get the surface’s default order.']
      : ['Nothing has been learned yet.'];
  }
  const days = (generatedAt.getTime() - (serving.learnedThrough?.getTime() ?? NaN)) / 86_400_000;
  if (!(days > OLD_DAYS)) return [];
  return [`What serves has learned nothing for ${Math.floor(days)} days.`];
}

function batchNotes({ evaluation, training }: Facts): string[] {
  const notes = [
    'Offline figures count what members chose among what was shown to them then. They are not lifts; only an experiment gives those.',
    'Every run learns from the stored outcomes alone. What a member had erased is gone from the model with the next run.',
  ];
  const { last } = training;
  if (last?.status === 'failed')
    notes.unshift(`The newest training run failed: ${last.error ?? 'no reason known'}`);
  return evaluation === null ? notes : [...evaluationNotes(evaluation), ...notes];
}

function evaluationNotes({ judgedUnits, figures }: CardEvaluation): string[] {
  if (judgedUnits === 0)
    return ['It was not judged: no member had used anything new in the last tenth of the data.'];
  const notes: string[] = [];
  if (judgedUnits < FEW_UNITS)
    notes.push(`Only ${judgedUnits} units could be judged: the figures say little.`);
  const ndcg = figures.find(({ key }) => key === 'ndcg@10');
  if (ndcg && ndcg.popularity !== null && ndcg.value <= ndcg.popularity)
    notes.push('On later data it ranked no better than popularity, which is the same for everybody.');
  const coverage = figures.find(({ key }) => key === 'coverage@20');
  if (coverage && coverage.value < NARROW)
    notes.push('Fewer than a tenth of the items ever stand in the first 20 places.');
  return notes;
}
