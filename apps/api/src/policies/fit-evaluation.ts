import type { Rng } from '#experiments';
import type { CompiledPolicy, DecisionRequest, SignalRows, TaskRows, TrainingSet } from '#policies';

const RECALL_AT = 20;
const NDCG_AT = 10;
const MOST_UNITS = 2000;

/** Earlier rows to fit on, and what each unit did later. */
export interface TimeSplit {
  readonly past: TrainingSet;
  /** Unix milliseconds from which rows are held out. */
  readonly from: number;
  /** Per unit number: items first used after `from` that occur in the past of others. */
  readonly later: ReadonlyMap<number, ReadonlySet<number>>;
  /** Per unit number: items used before `from`, the newest last. */
  readonly earlier: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Holds out the last tenth of the rows by time.
 * @param after rows up to this time (Unix milliseconds) are not judged, e.g. because a model has learned from them.
 */
export function splitByTime(data: TrainingSet, share = 0.1, after = -Infinity): TimeSplit {
  const order = Array.from(data.at.keys()).sort(
    (a, b) => (data.at[a] as number) - (data.at[b] as number) || a - b,
  );
  const cut = order[Math.min(order.length - 1, Math.floor(order.length * (1 - share)))];
  const from = cut === undefined ? 0 : (data.at[cut] as number);
  const rows = order.filter((row) => (data.at[row] as number) < from);
  const earlier = new Map<number, Set<number>>();
  const known = new Set<number>();
  for (const row of rows) {
    add(earlier, data.unit[row] as number, data.item[row] as number);
    known.add(data.item[row] as number);
  }
  const later = new Map<number, Set<number>>();
  for (const row of order) {
    const [unit, item, at] = [data.unit[row] as number, data.item[row] as number, data.at[row] as number];
    if (at < from || at <= after || !known.has(item) || earlier.get(unit)?.has(item)) continue;
    add(later, unit, item);
  }
  const past = pastOf(data, rows, from);
  return { past, from, later, earlier };
}

/** The same data with these rows alone, and the questions from before a moment. */
function pastOf(data: TrainingSet, rows: readonly number[], from: number): TrainingSet {
  return {
    ...data,
    unit: Uint32Array.from(rows, (row) => data.unit[row] as number),
    item: Uint32Array.from(rows, (row) => data.item[row] as number),
    value: Float64Array.from(rows, (row) => data.value[row] as number),
    at: Float64Array.from(rows, (row) => data.at[row] as number),
    ...(data.context ? { context: Int32Array.from(rows, (row) => data.context?.[row] ?? -1) } : {}),
    ...(data.signals ? { signals: signalsBefore(data.signals, from) } : {}),
    ...(data.tasks ? { tasks: data.tasks.map((task) => tasksBefore(task, from)) } : {}),
    ...(data.lists ? { lists: data.lists.filter(({ at }) => at < from) } : {}),
  };
}

/** What was done before a moment. */
function signalsBefore(signals: SignalRows, from: number): SignalRows {
  const rows = Uint32Array.from(signals.at.keys()).filter((row) => (signals.at[row] as number) < from);
  return {
    names: signals.names,
    devices: signals.devices,
    unit: rows.map((row) => signals.unit[row] as number),
    item: rows.map((row) => signals.item[row] as number),
    name: rows.map((row) => signals.name[row] as number),
    device: Int32Array.from(rows, (row) => signals.device[row] as number),
    at: Float64Array.from(rows, (row) => signals.at[row] as number),
    counts: Uint8Array.from(rows, (row) => signals.counts[row] as number),
  };
}

/** The questions that were asked before a moment. */
function tasksBefore(task: TaskRows, from: number): TaskRows {
  const rows = Array.from(task.at.keys()).filter((row) => (task.at[row] as number) < from);
  return {
    name: task.name,
    unit: Uint32Array.from(rows, (row) => task.unit[row] as number),
    item: Int32Array.from(rows, (row) => task.item[row] as number),
    label: Uint8Array.from(rows, (row) => task.label[row] as number),
    at: Float64Array.from(rows, (row) => task.at[row] as number),
    context: Int32Array.from(rows, (row) => task.context[row] as number),
  };
}

function add(sets: Map<number, Set<number>>, key: number, value: number): void {
  const set = sets.get(key) ?? new Set<number>();
  // The newest use stands last.
  set.delete(value);
  sets.set(key, set.add(value));
}

/** Scores every item of the training set for one unit; higher is better. */
export type ScoreItems = (unit: number) => Float64Array;

/** Scores by a compiled policy, asked as a client asks: with what the unit used before as `history`, newest last. */
export function scorerOf(compiled: CompiledPolicy, data: TrainingSet, split: TimeSplit): ScoreItems {
  const actions = data.items.map((id, i) => ({ id, features: data.itemFeatures[i] ?? {} }));
  return (unit) => {
    const history = Array.from(split.earlier.get(unit) ?? [], (item) => data.items[item] as string);
    const base = { unitId: data.units[unit] as string, subject: null, actions, at: split.from };
    const request: DecisionRequest = { ...base, context: { history } };
    return compiled.decides === 'slate' ? compiled.scores(request) : compiled.distribution(request);
  };
}

/** Scores by popularity: the same for every unit. */
export function popularityScorer(past: TrainingSet): ScoreItems {
  const counts = new Float64Array(past.items.length);
  past.item.forEach((item) => (counts[item] = (counts[item] as number) + 1));
  return () => counts;
}

export interface RankingQuality {
  readonly recall: number;
  readonly ndcg: number;
  /** Share of the items in the first 20 places of any judged unit. */
  readonly coverage: number;
  /** NDCG of each judged unit, in the order of `unitsToJudge`. */
  readonly perUnit: Float64Array;
}

/** The units that have something to be found, at most 2000, drawn with the seed. */
export function unitsToJudge(split: TimeSplit, rng: Rng): number[] {
  const units = [...split.later.keys()].sort((a, b) => a - b);
  for (let i = units.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [units[i], units[j]] = [units[j] as number, units[i] as number];
  }
  return units.slice(0, MOST_UNITS);
}

/**
 * Ranking quality on held-out items: recall@20 (found of what could be found in 20 places) and NDCG@10 with binary
 * relevance (Jarvelin and Kekalainen 2002), over all items that the unit has not used before.
 */
export function judge(split: TimeSplit, units: readonly number[], scores: ScoreItems): RankingQuality {
  let recall = 0;
  let ndcg = 0;
  let items = 0;
  const shown = new Set<number>();
  const perUnit = new Float64Array(units.length);
  units.forEach((unit, row) => {
    const relevant = split.later.get(unit) ?? new Set<number>();
    const all = scores(unit);
    items = all.length;
    const top = topItems(all, split.earlier.get(unit) ?? new Set(), RECALL_AT);
    const found = top.filter((item) => relevant.has(item)).length;
    for (const item of top) shown.add(item);
    recall += found / Math.min(RECALL_AT, relevant.size);
    perUnit[row] = ndcgOf(top, relevant);
    ndcg += perUnit[row] as number;
  });
  const n = Math.max(1, units.length);
  return { recall: recall / n, ndcg: ndcg / n, coverage: shown.size / Math.max(1, items), perUnit };
}

/** The unseen items with the highest scores; ties in item order. */
function topItems(scores: Float64Array, seen: ReadonlySet<number>, count: number): number[] {
  const top: number[] = [];
  for (let item = 0; item < scores.length; item++) {
    if (seen.has(item)) continue;
    const score = scores[item] as number;
    const last = top.at(-1);
    if (top.length === count && last !== undefined && score <= (scores[last] as number)) continue;
    let place = top.length;
    while (place > 0 && score > (scores[top[place - 1] as number] as number)) place--;
    top.splice(place, 0, item);
    if (top.length > count) top.pop();
  }
  return top;
}

function ndcgOf(top: readonly number[], relevant: ReadonlySet<number>): number {
  let gain = 0;
  let ideal = 0;
  for (let place = 0; place < NDCG_AT; place++) {
    const weight = 1 / Math.log2(place + 2);
    const item = top[place];
    if (item !== undefined && relevant.has(item)) gain += weight;
    if (place < relevant.size) ideal += weight;
  }
  return ideal === 0 ? 0 : gain / ideal;
}

export interface PairedDifference {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** Mean difference of two rankings over the same units, with its 95 % normal interval. */
export function pairedDifference(
  a: Pick<RankingQuality, 'perUnit'>,
  b: Pick<RankingQuality, 'perUnit'>,
): PairedDifference {
  const n = a.perUnit.length;
  const differences = a.perUnit.map((value, i) => value - (b.perUnit[i] as number));
  const mean = differences.reduce((sum, value) => sum + value, 0) / Math.max(1, n);
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = n > 1 ? 1.959963984540054 * Math.sqrt(squares / (n - 1) / n) : Infinity;
  return { estimate: mean, lower: mean - half, upper: mean + half };
}
