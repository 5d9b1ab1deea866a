import { createRng } from '#experiments';
import type { Context, Json, Registry } from '#experiments';
import { policyRegistry } from '#policies';
import type { Policy, RecommenderPolicy, TrainingPoint, TrainingSet } from '#policies';
import {
  judge,
  pairedDifference,
  popularityScorer,
  scorerOf,
  splitByTime,
  unitsToJudge,
} from './fit-evaluation.js';
import type { PairedDifference, RankingQuality } from './fit-evaluation.js';
import { CheckpointKeeper } from './fit-checkpoint.js';
import type { FitCheckpoint, JudgedFit, KeepCheckpoint } from './fit-checkpoint.js';
import type { SeenFeatures } from '../persistence/feature-reads.js';
import { storeState } from './snapshot-state.js';
import type { StoredState } from './snapshot-state.js';

/** Everything that a fit depends on; plain data, so that it can cross to another thread. */
export interface FitTask {
  /** Key in the policy registry. */
  readonly key: string;
  readonly params: Json;
  readonly seed: string;
  readonly data: TrainingSet;
  /** What serves now, to be compared with. */
  readonly serving: ServingModel | null;
  /** `serving`: begins with what serves, where the policy can; absent: from nothing. */
  readonly begin?: 'scratch' | 'serving';
  /** What a fit of this task left that was ended from outside; it goes on from there. */
  readonly resume?: FitCheckpoint | null;
  /** Least milliseconds between two checkpoints; absent: KEEP_EVERY_MS. */
  readonly keepEveryMs?: number;
  /** Most memory that the fit's process may take, in megabytes; absent: DEFAULT_MEMORY_MB. */
  readonly memoryMb?: number;
}

export interface ServingModel {
  readonly version: number;
  readonly params: Json;
  readonly state: Json;
  /** Unix milliseconds up to which it has learned. */
  readonly learnedThrough: number;
}

export interface QualityFigures {
  readonly 'recall@20': number;
  readonly 'ndcg@10': number;
  /** Share of the items that stand in the first 20 places of at least one judged unit. */
  readonly 'coverage@20': number;
}

/** What a model was fitted on. Times are ISO, of the first and the last row. */
export interface DataCut {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly units: number;
  readonly items: number;
  /** Names of what it was given; absent in runs of before this was noted. */
  readonly features?: SeenFeatures;
  /** Of the registry of features; absent while nothing was registered. */
  readonly featureVersion?: number;
}

/** A point of the curve of a run, which fits twice: the fit that is judged, and the final one on everything. */
export interface CurvePoint extends TrainingPoint {
  readonly fit: 'judged' | 'final';
}

/** Told while a run goes on: the share done, in [0, 1], and a point of its curve where there is a new one. */
export type RunProgress = (share: number, point?: CurvePoint) => void;

/** What a fit begins with: nothing, or the weights of a version. */
export type Beginning =
  | { readonly with: 'scratch' }
  | {
      readonly with: 'version';
      readonly version: number;
      /** Items that the version did not know; they begin at what they are like. */
      readonly newItems: number;
    };

/** How well the same settings did on the last tenth of the data after learning from the rest. */
export interface FitEvaluation extends QualityFigures {
  readonly data: {
    readonly rows: number;
    readonly units: number;
    readonly items: number;
    /** ISO time from which rows were held out; null: nothing could be held out. */
    readonly heldOutFrom: string | null;
  };
  /** Units that had something new to find; 0: nothing could be judged. */
  readonly judgedUnits: number;
  readonly popularity: QualityFigures;
  readonly serving: ServingComparison | null;
  readonly fitSeconds: number;
  readonly began: Beginning;
  /** Whether the fit went on from a checkpoint. */
  readonly resumed: boolean;
  /** Most that the process of the fit took at a time, data and program included. */
  readonly peakMemoryMb?: number;
}

/** On what the serving version has not learned from: this fit minus the serving version. */
export interface ServingComparison extends QualityFigures {
  readonly version: number;
  readonly judgedUnits: number;
  readonly 'ndcg@10Difference': PairedDifference;
}

export interface FitResult {
  readonly state: StoredState;
  readonly evaluation: FitEvaluation;
}

/** Memory that a run may take unless its policy says otherwise, in megabytes. */
export const DEFAULT_MEMORY_MB = 2048;

/** Why a run failed that took more memory than it may. */
export const needsMore = (memoryMb: number): string =>
  `the fit needs more than the ${memoryMb} MB of memory that it may take (training.memoryMb of the policy)`;

/** Fewest units for a verdict about two versions. */
export const LEAST_JUDGED = 20;

const figures = (quality: RankingQuality): QualityFigures => ({
  'recall@20': quality.recall,
  'ndcg@10': quality.ndcg,
  'coverage@20': quality.coverage,
});

/** Figures that are not finite have no place on a curve. */
function curvePoint(fit: CurvePoint['fit'], point: TrainingPoint | undefined): CurvePoint | undefined {
  if (point === undefined) return undefined;
  const { epoch, loss, validation } = point;
  return {
    fit,
    epoch,
    ...(Number.isFinite(loss) ? { loss: loss as number } : {}),
    ...(Number.isFinite(validation) ? { validation: validation as number } : {}),
  };
}

const contextsOf = ({ contexts = [], lists = [] }: TrainingSet): Context[] => [
  ...contexts,
  ...lists.map(({ context }) => context),
];

const titlesOf = ({ itemFeatures, catalogue = [] }: TrainingSet): Context[] => [
  ...itemFeatures,
  ...catalogue.map(({ features }) => features),
];

function namesIn(contexts: readonly Context[]): string[] {
  const names = new Set<string>();
  for (const context of contexts) for (const name in context) names.add(name);
  return [...names].sort();
}

/** The cut that a training set is, rows in any order; of a catalogue that nobody has watched the epoch. */
export function dataCutOf(data: TrainingSet): DataCut {
  let [from, to] = data.at.length === 0 ? [0, 0] : [Infinity, -Infinity];
  for (const at of data.at) {
    from = Math.min(from, at);
    to = Math.max(to, at);
  }
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    rows: data.at.length,
    units: data.units.length,
    items: data.items.length,
    features: { context: namesIn(contextsOf(data)), title: namesIn(titlesOf(data)) },
  };
}

/**
 * Fits twice: on the first nine tenths by time, judged on the rest, and then on everything. The same task gives the
 * same state, also where it goes on from a checkpoint.
 * @param progress told of the share done and of the curve.
 * @param clock Unix milliseconds, for the duration and the pace of checkpoints alone.
 * @param keep told of points from which a later fit can go on.
 * @throws DomainError when the policy is not a registered recommender or does not accept the parameters.
 */
export function runFit(
  task: FitTask,
  progress: RunProgress,
  clock: () => number,
  registry: Registry<Policy> = policyRegistry,
  keep: KeepCheckpoint = () => undefined,
): FitResult {
  const policy = registry.get(task.key);
  if (policy.learns !== 'batch') throw new Error(`the policy "${task.key}" does not learn in training runs`);
  const params = policy.params.parse(task.params);
  const started = clock();
  const keeper = new CheckpointKeeper(task, clock, keep);
  const beginning = beginningOf(policy, params, task);
  const evaluate =
    keeper.evaluation ??
    evaluateFit(policy, params, task, beginning.from, keeper, (share, point) => progress(0.5 * share, point));
  keeper.evaluation = evaluate;
  const state = policy.fit(
    task.data,
    params,
    createRng(task.seed),
    (share, point) => progress(0.5 + 0.5 * share, curvePoint('final', point)),
    { checkpoints: keeper.of('final'), ...beginning.from },
  );
  const evaluation: FitEvaluation = {
    ...evaluate,
    fitSeconds: (clock() - started) / 1000,
    began: beginning.began,
    resumed: keeper.resumed,
  };
  return { state: storeState(policy, state), evaluation };
}

/** What the fit begins with: the serving version where that is wanted and its shapes fit. */
function beginningOf(
  policy: RecommenderPolicy,
  params: unknown,
  { begin, serving, data }: FitTask,
): { readonly from: { readonly from?: unknown }; readonly began: Beginning } {
  const nothing = { from: {}, began: { with: 'scratch' } } as const;
  if (begin !== 'serving' || serving === null || !policy.canBeginWith) return nothing;
  const from = policy.decode(serving.state);
  if (!policy.canBeginWith(from, params)) return nothing;
  const { items } = from as { readonly items?: readonly string[] };
  const known = new Set(items ?? []);
  const newItems = data.items.filter((id) => !known.has(id)).length;
  return { from: { from }, began: { with: 'version', version: serving.version, newItems } };
}

function evaluateFit(
  policy: RecommenderPolicy,
  params: unknown,
  task: FitTask,
  from: { readonly from?: unknown },
  keeper: CheckpointKeeper,
  progress: RunProgress,
): JudgedFit {
  const { data, serving } = task;
  // What the version that it begins with has learned from is no test of it.
  const split = splitByTime(data, undefined, 'from' in from ? serving?.learnedThrough : undefined);
  const size = { rows: data.at.length, units: data.units.length, items: data.items.length };
  const units = unitsToJudge(split, createRng(`${task.seed} judge`));
  if (units.length === 0 || split.past.at.length === 0) {
    const none = { 'recall@20': 0, 'ndcg@10': 0, 'coverage@20': 0 };
    return { ...none, data: { ...size, heldOutFrom: null }, judgedUnits: 0, popularity: none, serving: null };
  }
  const fitted = policy.fit(
    split.past,
    params,
    createRng(task.seed),
    (share, point) => progress(0.8 * share, curvePoint('judged', point)),
    { checkpoints: keeper.of('judged'), ...from },
  );
  const candidate = scorerOf(policy.compile(fitted, params), data, split);
  const quality = judge(split, units, candidate);
  progress(0.9);
  return {
    ...figures(quality),
    data: { ...size, heldOutFrom: new Date(split.from).toISOString() },
    judgedUnits: units.length,
    popularity: figures(judge(split, units, popularityScorer(split.past))),
    serving: serving && compareWithServing(policy, task, serving, candidate),
  };
}

/** Judges both on later data than the serving version has seen, so that memory is not taken for foresight. */
function compareWithServing(
  policy: RecommenderPolicy,
  task: FitTask,
  serving: ServingModel,
  candidate: ReturnType<typeof scorerOf>,
): ServingComparison | null {
  const split = splitByTime(task.data, undefined, serving.learnedThrough);
  const units = unitsToJudge(split, createRng(`${task.seed} compare`));
  if (units.length < LEAST_JUDGED) return null;
  const compiled = policy.compile(policy.decode(serving.state), policy.params.parse(serving.params));
  const theirs = judge(split, units, scorerOf(compiled, task.data, split));
  const ours = judge(split, units, candidate);
  return {
    version: serving.version,
    judgedUnits: units.length,
    ...figures(theirs),
    'ndcg@10Difference': pairedDifference(ours, theirs),
  };
}

/** Whether the comparison leaves no doubt that the serving version is better. */
export function isClearlyWorse(evaluation: FitEvaluation): boolean {
  return evaluation.serving !== null && evaluation.serving['ndcg@10Difference'].upper < 0;
}
