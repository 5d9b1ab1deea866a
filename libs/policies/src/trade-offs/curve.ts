import type { DecisionRequest, Ranker } from '../contract.js';
import { orderByScore } from '../exploration/greedy.js';
import { DIVERSITY, tradeOff } from '../rerankers/trade-off.js';
import type { TradeOffParams } from '../rerankers/trade-off.js';
import { valuesOf } from '../rerankers/similarity.js';
import { paretoFront } from './pareto.js';
import type { TitleRates } from './title-rates.js';

/** Features by which a list is steered; serving puts them beside those that a title was registered with. */
export const COMPLETION_FEATURE = 'completionRate';
export const RETURN_FEATURE = 'returnRate';

export const OBJECTIVES = ['play', 'completion', 'returning', 'diversity'] as const;
export type ObjectiveName = (typeof OBJECTIVES)[number];

/** A setting of the re-ranker `trade-off`, as its parameters are written. */
export type TradeOffSetting = Partial<
  Pick<
    TradeOffParams,
    'relevance' | 'diversity' | 'objectives' | 'atLeast' | 'features' | 'similarity' | 'places' | 'pool'
  >
>;

export interface MeanWithInterval {
  readonly estimate: number;
  /** 95 %, normal, over units. */
  readonly lower: number;
  readonly upper: number;
}

export interface TradeOffPoint {
  readonly setting: TradeOffSetting;
  /** The setting that is in use; its point stands for "as it is now". */
  readonly current: boolean;
  readonly objectives: Readonly<Record<ObjectiveName, MeanWithInterval>>;
  /** Less the same of the current setting, unit by unit. */
  readonly change: Readonly<Record<ObjectiveName, MeanWithInterval>>;
  /** No other setting is at least as good in all four objectives and better in one. */
  readonly efficient: boolean;
}

export interface TradeOffCurve {
  /** Units whose lists were made and judged. */
  readonly units: number;
  /** Places of a list that are judged. */
  readonly places: number;
  readonly points: readonly TradeOffPoint[];
}

/** One unit: what it is asked, and what it was seen to use later. */
export interface TradeOffCase {
  /** Actions carry the features that lists are steered by. */
  readonly request: DecisionRequest;
  /** Actions of the request that the unit used later, by place; at least one. */
  readonly used: ReadonlySet<number>;
  /** Of each action: the later rates that a list is judged by. */
  readonly later: TitleRates;
}

const PLACES = 10;
const Z = 1.959963984540054;

/**
 * The settings that a curve tries: relevance alone, each objective alone at five weights, pairs and all three, and four
 * bounds on diversity.
 */
export function tradeOffGrid(features: readonly string[] = ['genres']): TradeOffSetting[] {
  const similar = { features: [...features] };
  const weighted = (completion: number, returning: number, diversity: number): TradeOffSetting => ({
    relevance: 1,
    diversity,
    objectives: {
      ...(completion === 0 ? {} : { [COMPLETION_FEATURE]: completion }),
      ...(returning === 0 ? {} : { [RETURN_FEATURE]: returning }),
    },
    ...similar,
  });
  const alone = [0.1, 0.25, 0.5, 1, 2].flatMap((w) => [
    weighted(w, 0, 0),
    weighted(0, w, 0),
    weighted(0, 0, w),
  ]);
  const together = [0.1, 0.25, 0.5].flatMap((w) => [
    weighted(w, w, 0),
    weighted(w, 0, w),
    weighted(0, w, w),
    weighted(w, w, w),
  ]);
  const bound = [0.7, 0.8, 0.85, 0.9].map((least) => ({
    relevance: 1,
    atLeast: { [DIVERSITY]: least },
    places: PLACES,
    ...similar,
  }));
  return [weighted(0, 0, 0), ...alone, ...together, ...bound];
}

/** Somebody's own setting as the grid writes them: its bounds are about the places that are judged. */
export const ownTradeOff = (setting: TradeOffSetting, features: readonly string[]): TradeOffSetting => ({
  ...setting,
  ...(Object.keys(setting.atLeast ?? {}).length === 0 ? {} : { places: PLACES }),
  features: [...features],
});

/** NDCG with binary relevance in the first places (Jarvelin and Kekalainen 2002). */
function ndcg(top: readonly number[], used: ReadonlySet<number>): number {
  let [gain, ideal] = [0, 0];
  for (let place = 0; place < PLACES; place++) {
    const discount = 1 / Math.log2(place + 2);
    if (place < top.length && used.has(top[place] as number)) gain += discount;
    if (place < used.size) ideal += discount;
  }
  return ideal === 0 ? 0 : gain / ideal;
}

/** Mean over pairs of 1 - Jaccard similarity of the features' values; 1 for a list of one. */
function distanceOf(sets: readonly ReadonlySet<string>[]): number {
  let [sum, pairs] = [0, 0];
  for (let a = 0; a < sets.length; a++)
    for (let b = 0; b < a; b++) {
      const [left, right] = [sets[a] as ReadonlySet<string>, sets[b] as ReadonlySet<string>];
      let common = 0;
      for (const value of left) if (right.has(value)) common++;
      const either = left.size + right.size - common;
      sum += either === 0 ? 1 : 1 - common / either;
      pairs++;
    }
  return pairs === 0 ? 1 : sum / pairs;
}

function judged(top: readonly number[], one: TradeOffCase, features: readonly string[]): number[] {
  const mean = (rates: Float64Array): number =>
    top.reduce((sum, i) => sum + (rates[i] as number), 0) / Math.max(1, top.length);
  const sets = top.map((i) => {
    const known = one.request.actions[i]?.features ?? {};
    return new Set(features.flatMap((name) => valuesOf(known, name).map((value) => `${name}=${value}`)));
  });
  return [ndcg(top, one.used), mean(one.later.completion), mean(one.later.returning), distanceOf(sets)];
}

function listOf(
  ranker: Ranker,
  request: DecisionRequest,
  scores: Float64Array,
  params: TradeOffParams,
): number[] {
  const open = ranker.eligible?.(request) ?? new Uint8Array(request.actions.length).fill(1);
  const vectors = () => ranker.vectors?.(request) ?? null;
  const worn = tradeOff.rerank?.({ request, scores, open, vectors }, params) ?? scores;
  const top: number[] = [];
  for (const index of orderByScore(worn)) {
    if (open[index] === 1) top.push(index);
    if (top.length === PLACES) break;
  }
  return top;
}

function meanOf(values: Float64Array): MeanWithInterval {
  const n = values.length;
  const estimate = values.reduce((sum, value) => sum + value, 0) / Math.max(1, n);
  const squares = values.reduce((sum, value) => sum + (value - estimate) ** 2, 0);
  const half = n > 1 ? Z * Math.sqrt(squares / (n - 1) / n) : 0;
  return { estimate, lower: estimate - half, upper: estimate + half };
}

/** Collects figures unit by unit, so that folds with models of their own make one curve. */
export class TradeOffStudy {
  private readonly figures: number[][][];
  private readonly params: readonly TradeOffParams[];
  private readonly settings: readonly TradeOffSetting[];
  private units = 0;

  /**
   * @param current the setting in use; it stands first. @param grid settings to compare with it, each tried once.
   * @param features whose values make titles alike, for the judgement of diversity.
   */
  constructor(
    current: TradeOffSetting,
    grid: readonly TradeOffSetting[],
    private readonly features: readonly string[] = ['genres'],
  ) {
    const text = (setting: TradeOffSetting): string => JSON.stringify(tradeOff.params.parse(setting));
    const all = [current, ...grid];
    const texts = all.map(text);
    this.settings = all.filter((_, i) => texts.indexOf(texts[i] as string) === i);
    this.params = this.settings.map((setting) => tradeOff.params.parse(setting));
    this.figures = this.settings.map(() => OBJECTIVES.map(() => []));
  }

  /** Makes and judges the unit's list under every setting. The model is asked once. */
  add(ranker: Ranker, one: TradeOffCase): void {
    // A copy: the array of scores may be used again by the policy.
    const scores = ranker.scores(one.request).slice();
    this.params.forEach((params, s) => {
      const values = judged(listOf(ranker, one.request, scores, params), one, this.features);
      values.forEach((value, k) => this.figures[s]?.[k]?.push(value));
    });
    this.units++;
  }

  curve(): TradeOffCurve {
    const columns = this.figures.map((one) => one.map((values) => Float64Array.from(values)));
    const base = columns[0] as Float64Array[];
    const named = (make: (k: number) => MeanWithInterval): Record<ObjectiveName, MeanWithInterval> =>
      Object.fromEntries(OBJECTIVES.map((name, k) => [name, make(k)])) as Record<
        ObjectiveName,
        MeanWithInterval
      >;
    const points = columns.map((own, s) => ({
      setting: this.settings[s] as TradeOffSetting,
      current: s === 0,
      objectives: named((k) => meanOf(own[k] as Float64Array)),
      change: named((k) =>
        meanOf((own[k] as Float64Array).map((value, unit) => value - (base[k]?.[unit] as number))),
      ),
    }));
    const front = paretoFront(
      points.map(({ objectives }) => OBJECTIVES.map((name) => objectives[name].estimate)),
    );
    return {
      units: this.units,
      places: PLACES,
      points: points.map((point, s) => ({ ...point, efficient: front[s] as boolean })),
    };
  }
}
