import { createRng } from '#experiments';
import type { Context, Json } from '#experiments';
import {
  COMPLETION_FEATURE,
  ownTradeOff,
  policyRegistry,
  RETURN_FEATURE,
  titleRates,
  tradeOffGrid,
  TradeOffStudy,
} from '#policies';
import type { Ranker, TitleRates, TitleUse, TradeOffCurve, TradeOffSetting, TrainingSet } from '#policies';
import { splitByTime, unitsToJudge } from '../fit-evaluation.js';
import type { TimeSplit } from '../fit-evaluation.js';

/** Everything that a study depends on; plain data, so that it can cross to another process. */
export interface TradeOffTask {
  readonly study: 'trade-off';
  /** Key in the policy registry. */
  readonly key: string;
  /** Without the re-ranker trade-off. */
  readonly params: Json;
  readonly seed: string;
  readonly data: TrainingSet;
  /** 1 for each row of the data whose use was completed. */
  readonly completed: Uint8Array;
  /** The setting in use. */
  readonly current: TradeOffSetting;
  /** Empty: genres or genre, whichever titles have. */
  readonly features: readonly string[];
  /** Tried besides the usual settings. */
  readonly alsoTry: readonly TradeOffSetting[];
  readonly returnDays: number;
  /** Unix milliseconds up to which the data is known. */
  readonly until: number;
  readonly memoryMb?: number;
}

export interface TradeOffResult {
  readonly curve: TradeOffCurve;
  /** Features that made titles alike. */
  readonly features: readonly string[];
  readonly data: {
    readonly rows: number;
    readonly units: number;
    readonly items: number;
    /** ISO time from which rows were held out. */
    readonly heldOutFrom: string;
  };
  readonly seconds: number;
}

/** What a study found, with the rates of all titles as serving shall know them. */
export interface TradeOffFindings {
  readonly result: TradeOffResult;
  readonly rates: {
    readonly items: readonly string[];
    readonly completion: readonly number[];
    readonly returning: readonly number[];
  };
}

/** Share of the rows that is held out: more than for one figure, since rates are measured of it as well. */
const HELD_OUT = 0.2;
/** Members whose lists are made under every setting. */
const MOST_UNITS = 500;
const LEAST_UNITS = 2;
const KNOWN_FEATURES = ['genres', 'genre'];

function usesOf({ unit, item, at }: TrainingSet, completed: Uint8Array): TitleUse[] {
  return Array.from(at, (time, row) => ({
    unit: unit[row] as number,
    item: item[row] as number,
    at: time,
    completed: completed[row] === 1,
  }));
}

const similarBy = (wanted: readonly string[], features: readonly Context[]): readonly string[] =>
  wanted.length > 0
    ? wanted
    : KNOWN_FEATURES.filter((name) => features.some((one) => name in one)).slice(0, 1);

/**
 * Learns from the first four fifths of the data by time, and makes the lists of members under every setting: steered by
 * the rates of titles up to then, judged by what the members and everybody did later.
 * @param progress told of the share done, in [0, 1].
 * @param clock Unix milliseconds, for the duration alone.
 * @throws Error where the policy gives no scores, or nothing can be held out.
 */
export function studyTradeOffs(
  task: TradeOffTask,
  progress: (share: number) => void,
  clock: () => number,
): TradeOffFindings {
  const started = clock();
  const { data, completed, returnDays, until, seed } = task;
  const policy = policyRegistry.get(task.key);
  if (policy.learns !== 'batch') throw new Error(`the policy "${task.key}" does not learn in training runs`);
  const split = splitByTime(data, HELD_OUT);
  const units = unitsToJudge(split, createRng(`${seed} judge`)).slice(0, MOST_UNITS);
  if (units.length < LEAST_UNITS || split.past.at.length === 0)
    throw new Error(
      'too few members used something new in the last fifth of the data: nothing can be judged',
    );
  const params = policy.params.parse(task.params);
  const fitted = policy.fit(split.past, params, createRng(seed), (share) => progress(0.4 * share));
  const compiled = policy.compile(fitted, params);
  if (compiled.decides !== 'slate')
    throw new Error('the policy gives no scores: there is nothing to re-rank');
  const uses = usesOf(data, completed);
  const rates = (some: readonly TitleUse[], end: number): TitleRates =>
    titleRates(some, data.items.length, end, returnDays);
  const past = rates(
    uses.filter(({ at }) => at < split.from),
    split.from,
  );
  const later = rates(
    uses.filter(({ at }) => at >= split.from),
    until,
  );
  const features = similarBy(task.features, data.itemFeatures);
  const grid = [...task.alsoTry.map((one) => ownTradeOff(one, features)), ...tradeOffGrid(features)];
  const study = new TradeOffStudy(withFeatures(task.current, features), grid, features);
  const asking = { data, split, past, later };
  units.forEach((unit, asked) => {
    ask(study, compiled, unit, asking);
    progress(0.4 + (0.6 * (asked + 1)) / units.length);
  });
  const all = rates(uses, until);
  const size = { rows: data.at.length, units: data.units.length, items: data.items.length };
  return {
    result: {
      curve: study.curve(),
      features,
      data: { ...size, heldOutFrom: new Date(split.from).toISOString() },
      seconds: (clock() - started) / 1000,
    },
    rates: { items: data.items, completion: [...all.completion], returning: [...all.returning] },
  };
}

const withFeatures = (current: TradeOffSetting, features: readonly string[]): TradeOffSetting =>
  current.features === undefined ? { ...current, features: [...features] } : current;

interface Asking {
  readonly data: TrainingSet;
  readonly split: TimeSplit;
  readonly past: TitleRates;
  readonly later: TitleRates;
}

/** As a client asks: with what the unit used before as history, and everything else to choose from. */
function ask(study: TradeOffStudy, ranker: Ranker, unit: number, { data, split, past, later }: Asking): void {
  const seen = split.earlier.get(unit) ?? new Set<number>();
  const wanted = split.later.get(unit) ?? new Set<number>();
  const open = data.items.flatMap((_, item) => (seen.has(item) ? [] : [item]));
  const take = (rates: Float64Array): Float64Array =>
    Float64Array.from(open, (item) => rates[item] as number);
  study.add(ranker, {
    request: {
      unitId: data.units[unit] as string,
      context: { history: Array.from(seen, (item) => data.items[item] as string) },
      actions: open.map((item) => ({
        id: data.items[item] as string,
        features: {
          ...data.itemFeatures[item],
          [COMPLETION_FEATURE]: past.completion[item] as number,
          [RETURN_FEATURE]: past.returning[item] as number,
        },
      })),
      subject: null,
      at: split.from,
    },
    used: new Set(open.flatMap((item, place) => (wanted.has(item) ? [place] : []))),
    later: { completion: take(later.completion), returning: take(later.returning) },
  });
}
