import type { Rng } from '#experiments';
import { Kernels } from '../../kernels/index.js';
import type { Floats } from '../../kernels/index.js';
import type { Bags } from '../../nets/embedding-bag.js';
import { EmbeddingBag } from '../../nets/embedding-bag.js';
import { Dense, head } from '../../nets/layers.js';
import { Parameters } from '../../nets/parameters.js';

export interface PairRows {
  readonly query: Int32Array;
  readonly title: Int32Array;
}

export interface RankingShape {
  readonly dimension: number;
  readonly hidden: number;
  /** Features of a title: its own number, then its attributes. */
  readonly titleFeatures: number;
  readonly titles: number;
  readonly contextFeatures: number;
  readonly heads: number;
  /** Most queries, titles and pairs that are worked out at once. */
  readonly queries: number;
  readonly rows: number;
  readonly pairs: number;
  /** Without it the network can only score. */
  readonly trained: boolean;
  /** Bytes; DomainError `out_of_memory` above. */
  readonly memoryLimit?: number;
}

/** What is known when titles are asked for: the member's history, the newest of it once more, and the context. */
export interface QueryBags {
  readonly history: Bags;
  readonly recent: Bags;
  readonly context: Bags;
}

const GROUPS = 3;
const START = { spread: 0.1 };

/**
 * Two towers and a cross network. A query becomes a vector of its history, its newest titles and its context, with a
 * hidden layer on top; a title one of its own number and its attributes. Their inner product finds candidates (Covington
 * et al. 2016; Yi et al. 2019). For ranking, the two vectors and their product run through a cross layer and a hidden
 * one, side by side, into one logit per head (DCN-v2, Wang et al. 2021).
 */
export class RankingNet {
  readonly parameters: Parameters;
  readonly kernels: Kernels;
  private readonly history: EmbeddingBag;
  private readonly recent: EmbeddingBag;
  private readonly context: EmbeddingBag;
  private readonly title: EmbeddingBag;
  private readonly titleBias: EmbeddingBag;
  private readonly below: Dense;
  private readonly above: Dense;
  private readonly cross: Dense;
  private readonly deep: Dense;
  private readonly heads: Dense;
  private readonly buffers: Record<
    'joined' | 'query' | 'dJoined' | 'x0' | 'x1' | 'out' | 'dOut' | 'dx0',
    Floats
  >;

  constructor(
    readonly shape: RankingShape,
    rng: Rng,
  ) {
    const {
      dimension: d,
      hidden,
      titleFeatures,
      titles,
      contextFeatures,
      queries,
      rows,
      pairs,
      trained,
    } = shape;
    this.kernels = new Kernels(undefined, shape.memoryLimit);
    const parameters = new Parameters(this.kernels);
    this.parameters = parameters;
    this.history = new EmbeddingBag(parameters, 'history', titles, d, queries, START);
    this.recent = new EmbeddingBag(parameters, 'recent', titles, d, queries, START);
    this.context = new EmbeddingBag(parameters, 'context', contextFeatures, d, queries, START);
    this.title = new EmbeddingBag(parameters, 'title', titleFeatures, d, rows, START);
    this.titleBias = new EmbeddingBag(parameters, 'title.bias', titleFeatures, 1, rows, { value: 0 });
    this.below = new Dense(parameters, 'query.below', GROUPS * d, hidden, queries);
    this.above = new Dense(parameters, 'query.above', hidden, d, queries);
    this.cross = new Dense(parameters, 'cross', 3 * d, 3 * d, pairs);
    this.deep = new Dense(parameters, 'deep', 3 * d, hidden, pairs);
    this.heads = new Dense(parameters, 'heads', 3 * d + hidden, shape.heads, pairs);
    const { arena } = this.kernels;
    const floats = (length: number, always = true) => arena.floats(always || trained ? length : 0);
    this.buffers = {
      joined: floats(queries * GROUPS * d),
      query: floats(queries * d),
      dJoined: floats(queries * GROUPS * d, false),
      x0: floats(pairs * 3 * d),
      x1: floats(pairs * 3 * d),
      out: floats(pairs * (3 * d + hidden)),
      dOut: floats(pairs * (3 * d + hidden), false),
      dx0: floats(pairs * 3 * d, false),
    };
    parameters.build(rng, trained);
    if (trained) this.startAsProduct();
  }

  /** Every head begins as the inner product, which the cross and hidden layers then bend. */
  private startAsProduct(): void {
    const { dimension: d, heads } = this.shape;
    const weights = this.parameters.list.find(({ name }) => name === 'heads.weights')?.weights
      .view as Float32Array;
    for (let j = 0; j < 3 * d; j++)
      for (let t = 0; t < heads; t++) weights[j * heads + t] = j < 2 * d ? 0 : 1;
  }

  /** Vectors of queries, `dimension` floats each. Valid until the next call. */
  queries(bags: QueryBags): Floats {
    const { dimension: d } = this.shape;
    const rows = bags.history.rows;
    const parts = [
      this.history.forward(bags.history),
      this.recent.forward(bags.recent),
      this.context.forward(bags.context),
    ];
    const joined = head(this.buffers.joined, rows * GROUPS * d);
    parts.forEach((part, g) => copyColumns(part.view, d, 0, joined.view, GROUPS * d, g * d, d, rows));
    const hidden = this.below.forward(joined, rows);
    this.kernels.activate('relu', hidden, hidden);
    const bent = this.above.forward(hidden, rows);
    const query = head(this.buffers.query, rows * d);
    const [q, b] = [query.view, bent.view];
    const [x, y, z] = parts.map((part) => part.view) as [Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < q.length; i++)
      q[i] = (b[i] as number) + (x[i] as number) + (y[i] as number) + (z[i] as number);
    return query;
  }

  queriesBackward(dq: Floats, rows: number): void {
    const { dimension: d } = this.shape;
    const dHidden = this.above.backward(dq, rows);
    const hidden = this.above.input as Floats;
    this.kernels.activateBackward('relu', hidden, dHidden, dHidden);
    const dJoined = this.below.backward(dHidden, rows);
    const part = head(this.buffers.dJoined, rows * d);
    [this.history, this.recent, this.context].forEach((bag, g) => {
      copyColumns(dJoined.view, GROUPS * d, g * d, part.view, d, 0, d, rows);
      this.kernels.addScaled(part, dq);
      bag.backward(part);
    });
  }

  /** Vectors and biases of titles. Valid until the next call. */
  titles(bags: Bags): { readonly vectors: Floats; readonly biases: Floats } {
    return { vectors: this.title.forward(bags), biases: this.titleBias.forward(bags) };
  }

  titlesBackward(dVectors: Floats, dBiases: Floats): void {
    this.title.backward(dVectors);
    this.titleBias.backward(dBiases);
  }

  /**
   * One logit per pair and head, without the title's bias.
   * @param rows of the pairs: which query and which title.
   */
  pairs(queries: Float32Array, titles: Float32Array, rows: PairRows): Floats {
    const { dimension: d, hidden } = this.shape;
    const count = rows.query.length;
    const x0 = head(this.buffers.x0, count * 3 * d);
    const x = x0.view;
    for (let p = 0; p < count; p++) {
      const [a, b, base] = [(rows.query[p] as number) * d, (rows.title[p] as number) * d, p * 3 * d];
      for (let j = 0; j < d; j++) {
        const [q, v] = [queries[a + j] as number, titles[b + j] as number];
        x[base + j] = q;
        x[base + d + j] = v;
        x[base + 2 * d + j] = q * v;
      }
    }
    const crossed = this.cross.forward(x0, count);
    const x1 = head(this.buffers.x1, count * 3 * d);
    this.kernels.multiply(x1, x0, crossed);
    this.kernels.addScaled(x1, x0);
    const deep = this.deep.forward(x0, count);
    this.kernels.activate('relu', deep, deep);
    const out = head(this.buffers.out, count * (3 * d + hidden));
    copyColumns(x1.view, 3 * d, 0, out.view, 3 * d + hidden, 0, 3 * d, count);
    copyColumns(deep.view, hidden, 0, out.view, 3 * d + hidden, 3 * d, hidden, count);
    return this.heads.forward(out, count);
  }

  /** Gradients of the last `pairs`, added to `dQueries` and `dTitles`. */
  pairsBackward(dLogits: Floats, rows: PairRows, dQueries: Float32Array, dTitles: Float32Array): void {
    const { dimension: d, hidden } = this.shape;
    const count = rows.query.length;
    const width = 3 * d + hidden;
    const dOut = this.heads.backward(dLogits, count);
    const dDeep = head(this.buffers.dOut, count * hidden);
    copyColumns(dOut.view, width, 3 * d, dDeep.view, hidden, 0, hidden, count);
    const [out, dd] = [this.buffers.out.view, dDeep.view];
    for (let p = 0; p < count; p++)
      for (let j = 0; j < hidden; j++)
        if ((out[p * width + 3 * d + j] as number) <= 0) dd[p * hidden + j] = 0;
    const dx0 = head(this.buffers.dx0, count * 3 * d);
    copyColumns(dOut.view, width, 0, dx0.view, 3 * d, 0, 3 * d, count);
    // x1 = x0 (cross + 1): the gradient of the cross layer's result is x0 dx1, that of x0 itself dx1 (cross + 1) and more.
    const dCross = head(this.buffers.x1, count * 3 * d);
    const x0 = head(this.buffers.x0, count * 3 * d);
    this.kernels.multiply(dCross, x0, dx0);
    const crossed = this.cross.output as Floats;
    const [g, c] = [dx0.view, crossed.view];
    for (let i = 0; i < count * 3 * d; i++) g[i] = (g[i] as number) * (1 + (c[i] as number));
    this.kernels.addScaled(dx0, this.cross.backward(dCross, count));
    this.kernels.addScaled(dx0, this.deep.backward(dDeep, count));
    scatterPairs(dx0.view, x0.view, d, rows, dQueries, dTitles);
  }
}

function scatterPairs(
  g: Float32Array,
  x: Float32Array,
  d: number,
  rows: PairRows,
  dQueries: Float32Array,
  dTitles: Float32Array,
): void {
  for (let p = 0; p < rows.query.length; p++) {
    const [a, b, base] = [(rows.query[p] as number) * d, (rows.title[p] as number) * d, p * 3 * d];
    for (let j = 0; j < d; j++) {
      const product = g[base + 2 * d + j] as number;
      dQueries[a + j] =
        (dQueries[a + j] as number) + (g[base + j] as number) + product * (x[base + d + j] as number);
      dTitles[b + j] =
        (dTitles[b + j] as number) + (g[base + d + j] as number) + product * (x[base + j] as number);
    }
  }
}

function copyColumns(
  from: Float32Array,
  fromWidth: number,
  fromColumn: number,
  to: Float32Array,
  toWidth: number,
  toColumn: number,
  columns: number,
  rows: number,
): void {
  for (let r = 0; r < rows; r++) {
    const a = r * fromWidth + fromColumn;
    to.set(from.subarray(a, a + columns), r * toWidth + toColumn);
  }
}
