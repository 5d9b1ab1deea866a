import type { Uniforms } from '../../sampling/counted-rng.js';
import type { Context } from '#experiments';
import type { TrainingSet } from '../../contract.js';
import { FeatureSpace } from './feature-space.js';
import type { Encoded, FeatureRules } from './feature-space.js';
import { newQueryBags, putHistory, withTime } from './model.js';
import type { QueryBags } from './ranking-net.js';

/** A question about a title: by whom, when, and in which context. */
export interface Questions {
  readonly unit: Uint32Array;
  readonly at: Float64Array;
  /** Titles that the member had before; of the questions that are themselves part of the history, those before them. */
  readonly before: Uint32Array;
  /** Places in `contexts` of the training set; absent or -1: none. */
  readonly context?: Int32Array | undefined;
}

/** Histories and contexts of a training set, as the network reads them. */
export class Examples {
  readonly titleSpace: FeatureSpace;
  readonly contextSpace: FeatureSpace;
  readonly titleBags: { readonly start: Int32Array; readonly index: Int32Array };
  /** Items and times of each unit, oldest first. */
  private readonly histories: readonly { readonly items: Int32Array; readonly at: Float64Array }[];
  /** The positive feedback itself, as questions. */
  readonly positives: Questions;
  private readonly encoded = new Map<string, Encoded>();

  constructor(
    private readonly data: TrainingSet,
    rules: { readonly title: FeatureRules; readonly context: FeatureRules },
  ) {
    this.titleSpace = FeatureSpace.learn(data.itemFeatures, rules.title);
    const start = new Int32Array(data.items.length + 1);
    const index: number[] = [];
    data.items.forEach((_, i) => {
      index.push(...this.titleSpace.encode(data.itemFeatures[i] ?? {}).index);
      start[i + 1] = index.length;
    });
    this.titleBags = { start, index: Int32Array.from(index) };
    const { histories, before } = historiesOf(data);
    this.histories = histories;
    this.positives = { unit: data.unit, at: data.at, before, context: data.context };
    this.contextSpace = FeatureSpace.learn(sampleOfContexts(data), rules.context);
  }

  /** @param dropped share of contexts that are hidden, so that the network does not lean on them. */
  queryBags(questions: Questions, rows: ArrayLike<number>, dropped: number, rng: Uniforms): QueryBags {
    return this.queryBagsOf(
      Array.from(rows, (row) => ({ questions, row })),
      dropped,
      rng,
    );
  }

  /** The same for questions of several kinds. */
  queryBagsOf(
    asked: readonly { readonly questions: Questions; readonly row: number }[],
    dropped: number,
    rng: Uniforms,
  ): QueryBags {
    const bags = newQueryBags();
    for (const { questions, row } of asked) {
      const history = this.histories[questions.unit[row] as number];
      putHistory(history?.items ?? [], questions.before[row] as number, bags);
      if (dropped === 0 || rng.uniform() >= dropped) this.putContext(questions, row, bags);
      bags.context.close();
    }
    return bags;
  }

  /** How many titles a unit had before a moment. */
  before(unit: number, at: number): number {
    const times = this.histories[unit]?.at ?? new Float64Array(0);
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private putContext(questions: Questions, row: number, bags: QueryBags): void {
    const place = questions.context?.[row] ?? -1;
    const at = questions.at[row] as number;
    // An hour is as fine as the features of time are.
    const key = `${place} ${Math.floor(at / 3_600_000)}`;
    let known = this.encoded.get(key);
    if (known === undefined) {
      known = this.contextSpace.encode(withTime(contextAt(this.data, place), at));
      this.encoded.set(key, known);
    }
    for (const feature of known.index) bags.context.put(feature, known.weight);
  }
}

const contextAt = (data: TrainingSet, place: number): Context => data.contexts?.[place] ?? {};

const MOST_CONTEXTS = 50_000;

/** Contexts with their times: evenly taken rows, which are enough to know what there is. */
function sampleOfContexts(data: TrainingSet): Context[] {
  const sample: Context[] = [];
  const take = (context: Int32Array | undefined, at: Float64Array): void => {
    const step = Math.max(1, Math.ceil(at.length / MOST_CONTEXTS));
    for (let row = 0; row < at.length; row += step)
      sample.push(withTime(contextAt(data, context?.[row] ?? -1), at[row] as number));
  };
  take(data.context, data.at);
  for (const task of data.tasks ?? []) take(task.context, task.at);
  return sample;
}

function historiesOf(data: TrainingSet) {
  const size = new Uint32Array(data.units.length);
  const before = new Uint32Array(data.unit.length);
  // Rows of one unit are in the order of its events.
  data.unit.forEach((unit, row) => {
    before[row] = size[unit] as number;
    size[unit] = (size[unit] as number) + 1;
  });
  const histories = Array.from(size, (n) => ({ items: new Int32Array(n), at: new Float64Array(n) }));
  data.unit.forEach((unit, row) => {
    const history = histories[unit];
    const place = before[row] as number;
    if (!history) return;
    history.items[place] = data.item[row] as number;
    history.at[place] = data.at[row] as number;
  });
  return { histories, before };
}
