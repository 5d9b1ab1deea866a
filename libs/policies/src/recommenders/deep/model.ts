import { createRng, DomainError } from '#experiments';
import type { Context, Json } from '#experiments';
import {
  decodeFloats32,
  encodeFloats32,
  stateNumber,
  stateObject,
  stateText,
  stateTexts,
} from '../../codec.js';
import type { DecisionRequest, TrainingSet } from '../../contract.js';
import { Bags } from '../../nets/embedding-bag.js';
import type { Embedding } from '../../retrieval/embedding.js';
import { FeatureSpace } from './feature-space.js';
import { RankingNet } from './ranking-net.js';
import type { QueryBags } from './ranking-net.js';
import { knownHistory } from '../history.js';

/** Everything that serving needs. */
export interface RankingState {
  readonly dimension: number;
  readonly hidden: number;
  readonly heads: readonly string[];
  readonly items: readonly string[];
  readonly titleSpace: FeatureSpace;
  readonly contextSpace: FeatureSpace;
  /** Features of the items, so that a title is known where a request names it by its id alone. */
  readonly titleBags: { readonly start: Int32Array; readonly index: Int32Array };
  readonly weights: Float32Array;
}

/** Titles after which one of the history weighs half, and how many of the newest stand in a group of their own. */
const HALF_LIFE = 20;
const RECENT = 5;
export const HISTORY = 50;
/** Pairs that are scored at once. */
const CHUNK = 512;

/** Puts a history into its two groups; both have length 1, whatever the number of titles. */
export function putHistory(items: ArrayLike<number>, end: number, bags: QueryBags): void {
  putDecayed(bags.history, items, end, HISTORY, HALF_LIFE);
  putDecayed(bags.recent, items, end, RECENT, 1);
}

function putDecayed(bags: Bags, items: ArrayLike<number>, end: number, most: number, halfLife: number): void {
  const from = Math.max(0, end - most);
  let squares = 0;
  for (let k = from; k < end; k++) squares += 2 ** ((-2 * (end - 1 - k)) / halfLife);
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let k = from; k < end; k++) bags.put(items[k] as number, scale * 2 ** (-(end - 1 - k) / halfLife));
  bags.close();
}

export const newQueryBags = (): QueryBags => ({
  history: new Bags(),
  recent: new Bags(),
  context: new Bags(),
});

/** Hour, weekday and month of a moment (UTC) for contexts that do not say them. */
export function withTime(context: Context, at: number): Context {
  if (at <= 0) return context;
  const time = new Date(at);
  return {
    hour: time.getUTCHours(),
    weekday: `day ${time.getUTCDay()}`,
    month: `month ${time.getUTCMonth() + 1}`,
    ...context,
  };
}

/** Own number (unless `own` is negative) and attributes of a title. */
export function putTitle(bags: Bags, own: number, attributes: ArrayLike<number>, items: number): void {
  if (own >= 0) bags.put(own, 1);
  const weight = attributes.length === 0 ? 0 : 1 / Math.sqrt(attributes.length);
  for (let k = 0; k < attributes.length; k++) bags.put(items + (attributes[k] as number), weight);
  bags.close();
}

/** Scores candidates of requests by one trained network. */
export class RankingScorer {
  private readonly net: RankingNet;
  private readonly position: ReadonlyMap<string, number>;
  private readonly vectors: Float32Array;
  private readonly biases: Float32Array;

  constructor(private readonly state: RankingState) {
    const { dimension, hidden, heads, items, titleSpace, contextSpace } = state;
    this.net = new RankingNet(
      {
        dimension,
        hidden,
        heads: heads.length,
        titles: items.length,
        titleFeatures: items.length + titleSpace.size,
        contextFeatures: contextSpace.size,
        queries: 1,
        rows: CHUNK,
        pairs: CHUNK,
        trained: false,
      },
      createRng('unused'),
    );
    this.net.parameters.restore(state.weights);
    this.position = new Map(items.map((id, i) => [id, i]));
    this.vectors = new Float32Array(items.length * dimension);
    this.biases = new Float32Array(items.length);
    for (let from = 0; from < items.length; from += CHUNK) {
      const to = Math.min(items.length, from + CHUNK);
      const bags = new Bags();
      for (let i = from; i < to; i++) putTitle(bags, i, attributesOf(state, i), items.length);
      const found = this.net.titles(bags);
      this.vectors.set(found.vectors.view, from * dimension);
      this.biases.set(found.biases.view, from);
    }
  }

  /** @returns heads.length logits per action, action by action. */
  logits(request: DecisionRequest): Float64Array {
    const { heads } = this.state;
    const query = Float32Array.from(this.query(request));
    const out = new Float64Array(request.actions.length * heads.length);
    for (let from = 0; from < request.actions.length; from += CHUNK) {
      const actions = request.actions.slice(from, from + CHUNK);
      const { vectors, biases } = this.titlesOf(actions);
      const rows = {
        query: new Int32Array(actions.length),
        title: Int32Array.from(actions, (_, i) => i),
      };
      const logits = this.net.pairs(query, vectors, rows).view;
      actions.forEach((_, i) => {
        for (let t = 0; t < heads.length; t++)
          out[(from + i) * heads.length + t] =
            (logits[i * heads.length + t] as number) + (biases[i] as number);
      });
    }
    return out;
  }

  /** The two towers, whose inner product finds titles; titles stand in for an unknown member by their biases. */
  towers(): Embedding {
    const { dimension, items } = this.state;
    return {
      items,
      dimension,
      rows: this.vectors,
      biases: this.biases,
      popularity: this.biases,
      query: (request) => Float32Array.from(this.query(request)),
    };
  }

  private query(request: DecisionRequest): Float32Array {
    const bags = newQueryBags();
    const known = knownHistory(request.context, this.position, HISTORY * 4);
    putHistory(known, known.length, bags);
    const { index, weight } = this.state.contextSpace.encode(withTime(request.context, request.at));
    for (const feature of index) bags.context.put(feature, weight);
    bags.context.close();
    return this.net.queries(bags).view;
  }

  /** Vectors of known titles as they were learned; of others from their features. */
  private titlesOf(actions: DecisionRequest['actions']): { vectors: Float32Array; biases: Float32Array } {
    const { dimension, items, titleSpace } = this.state;
    const vectors = new Float32Array(actions.length * dimension);
    const biases = new Float32Array(actions.length);
    const unknown: number[] = [];
    const bags = new Bags();
    actions.forEach(({ id, features }, i) => {
      const index = this.position.get(id);
      if (index === undefined) {
        unknown.push(i);
        putTitle(bags, -1, titleSpace.encode(features).index, items.length);
        return;
      }
      vectors.set(this.vectors.subarray(index * dimension, (index + 1) * dimension), i * dimension);
      biases[i] = this.biases[index] as number;
    });
    if (unknown.length > 0) {
      const found = this.net.titles(bags);
      const [v, b] = [found.vectors.view, found.biases.view];
      unknown.forEach((i, row) => {
        vectors.set(v.subarray(row * dimension, (row + 1) * dimension), i * dimension);
        biases[i] = b[row] as number;
      });
    }
    return { vectors, biases };
  }
}

export const attributesOf = ({ titleBags }: Pick<RankingState, 'titleBags'>, item: number): Int32Array =>
  titleBags.index.subarray(titleBags.start[item], titleBags.start[item + 1]);

const packInts = (values: Int32Array): string =>
  encodeFloats32(new Float32Array(values.buffer, values.byteOffset, values.length));
const unpackInts = (text: string): Int32Array => new Int32Array(decodeFloats32(text).buffer);

/** What serving needs of a trained network. */
export function trainedState(
  { dimension, hidden }: Pick<RankingState, 'dimension' | 'hidden'>,
  heads: readonly string[],
  data: Pick<TrainingSet, 'items'>,
  { titleSpace, contextSpace, titleBags }: Pick<RankingState, 'titleSpace' | 'contextSpace' | 'titleBags'>,
  weights: Float32Array,
): RankingState {
  return { dimension, hidden, heads, items: [...data.items], titleSpace, contextSpace, titleBags, weights };
}

export function encodeRanking(state: RankingState): Json {
  return {
    dimension: state.dimension,
    hidden: state.hidden,
    heads: [...state.heads],
    items: [...state.items],
    titleSpace: state.titleSpace.toJson(),
    contextSpace: state.contextSpace.toJson(),
    titleStart: packInts(state.titleBags.start),
    titleIndex: packInts(state.titleBags.index),
    weights: encodeFloats32(state.weights),
  };
}

/** @throws DomainError `invalid_state`. */
export function decodeRanking(json: Json): RankingState {
  const stored = stateObject(json);
  const items = stateTexts(stored['items'], 'items');
  const titleBags = {
    start: unpackInts(stateText(stored['titleStart'], 'titleStart')),
    index: unpackInts(stateText(stored['titleIndex'], 'titleIndex')),
  };
  if (titleBags.start.length !== items.length + 1)
    throw new DomainError(
      'invalid_state',
      `${items.length} items come with ${titleBags.start.length - 1} sets of features`,
    );
  return {
    dimension: stateNumber(stored['dimension'], 'dimension'),
    hidden: stateNumber(stored['hidden'], 'hidden'),
    heads: stateTexts(stored['heads'], 'heads'),
    items,
    titleSpace: FeatureSpace.fromJson(stored['titleSpace'] ?? null),
    contextSpace: FeatureSpace.fromJson(stored['contextSpace'] ?? null),
    titleBags,
    weights: decodeFloats32(stateText(stored['weights'], 'weights')),
  };
}
