import type { Uniforms } from '../../sampling/counted-rng.js';
import type { Floats, Ints } from '../../kernels/index.js';
import { Bags } from '../../nets/embedding-bag.js';
import { head } from '../../nets/layers.js';
import type { Examples } from './examples.js';
import { putTitle } from './model.js';
import type { RankingNet } from './ranking-net.js';

export interface RetrievalOptions {
  readonly batch: number;
  /** Titles that each question is asked against. */
  readonly titles: number;
  /** Titles drawn per question for the ranking part. */
  readonly negatives: number;
  readonly rate: number;
  /** See StepOptions. */
  readonly decay: number;
  /** Share of title numbers and of contexts that are hidden in training, so that a title is also known by its attributes. */
  readonly dropped: number;
}

const CLIP = 5;

/**
 * Trains the towers by the softmax over many titles and the ranking part by the softmax over the right title and some
 * drawn ones, both at once: the first finds, the second orders.
 */
export class RetrievalTrainer {
  private readonly buffers: {
    logits: Floats;
    targets: Ints;
    dq: Floats;
    dv: Floats;
    db: Floats;
    zeros: Ints;
  };
  private readonly items: number;

  constructor(
    private readonly net: RankingNet,
    private readonly examples: Examples,
    private readonly item: Uint32Array,
    private readonly options: RetrievalOptions,
    private readonly rng: Uniforms,
  ) {
    const { arena } = net.kernels;
    const { batch, titles } = options;
    const { dimension } = net.shape;
    this.items = net.shape.titles;
    this.buffers = {
      logits: arena.floats(batch * titles),
      targets: arena.ints(batch),
      dq: arena.floats(batch * dimension),
      dv: arena.floats(titles * dimension),
      db: arena.floats(titles),
      zeros: arena.ints(batch),
    };
  }

  /** One step. @param rows of the positive feedback. @returns the mean loss. */
  train(rows: Uint32Array): number {
    const { parameters } = this.net;
    parameters.clearGradients();
    const loss = this.gradient(rows, true);
    parameters.step({ rate: this.options.rate, clip: CLIP, decay: this.options.decay });
    return loss;
  }

  /** Mean loss of the ranking part, with nothing hidden and nothing learned. */
  loss(rows: Uint32Array): number {
    return this.gradient(rows, false);
  }

  /** Leaves the gradient of both losses in the parameters when `training`, and returns their sum; else the second alone. */
  gradient(rows: Uint32Array, training: boolean): number {
    const { net, examples, options, rng } = this;
    const dropped = training ? options.dropped : 0;
    const { titles, place } = this.titlesFor(rows);
    const bags = examples.queryBags(examples.positives, rows, dropped, rng);
    const queries = net.queries(bags);
    const { vectors, biases } = net.titles(this.titleBags(titles, dropped));
    const { dimension } = net.shape;
    const dq = head(this.buffers.dq, rows.length * dimension);
    const dv = head(this.buffers.dv, titles.length * dimension);
    const db = head(this.buffers.db, titles.length);
    for (const block of [dq, dv, db]) block.view.fill(0);
    const ends = { queries, vectors, biases, dq, dv, db };
    const found = training ? this.find(ends, place) : 0;
    const loss = found + this.order(ends, place, titles.length, training);
    if (!training) return loss;
    net.titlesBackward(dv, db);
    net.queriesBackward(dq, rows.length);
    return loss;
  }

  /** Softmax of the right title among all at hand, by the inner product. */
  private find({ queries, vectors, biases, dq, dv, db }: Ends, place: Int32Array): number {
    const { kernels, shape } = this.net;
    const { dimension: d } = shape;
    const [m, n] = [place.length, biases.length];
    const logits = head(this.buffers.logits, m * n);
    kernels.product(logits, queries, vectors, { m, n, k: d, turnB: true });
    kernels.addBias(logits, biases, m);
    const targets = this.buffers.targets.part(0, m);
    targets.view.set(place);
    const loss = kernels.crossEntropy(logits, targets, n, 1 / m);
    kernels.product(dq, logits, vectors, { m, n: d, k: n, add: true });
    kernels.product(dv, logits, queries, { m: n, n: d, k: m, turnA: true, add: true });
    kernels.addColumnSums(db, logits, m);
    return loss;
  }

  /** Softmax of the right title among a few, by the ranking part. */
  private order(ends: Ends, place: Int32Array, titles: number, training: boolean): number {
    const { net, rng } = this;
    const width = 1 + Math.min(this.options.negatives, titles - 1);
    const query = new Int32Array(place.length * width);
    const title = new Int32Array(place.length * width);
    place.forEach((right, r) => {
      for (let k = 0; k < width; k++) {
        const drawn = rng.below(Math.max(1, titles - 1));
        query[r * width + k] = r;
        title[r * width + k] = k === 0 ? right : drawn < right ? drawn : drawn + 1;
      }
    });
    const rows = { query, title };
    const logits = net.pairs(ends.queries.view, ends.vectors.view, rows);
    const block = head(logits, query.length);
    const [l, b] = [block.view, ends.biases.view];
    for (let p = 0; p < l.length; p++) l[p] = (l[p] as number) + (b[title[p] as number] as number);
    const zeros = this.buffers.zeros.part(0, place.length);
    const loss = net.kernels.crossEntropy(block, zeros, width, 1 / place.length);
    if (!training) return loss;
    const g = ends.db.view;
    for (let p = 0; p < l.length; p++) {
      const t = title[p] as number;
      g[t] = (g[t] as number) + (l[p] as number);
    }
    net.pairsBackward(block, rows, ends.dq.view, ends.dv.view);
    return loss;
  }

  private titleBags(titles: Int32Array, dropped: number): Bags {
    const { index, start } = this.examples.titleBags;
    const bags = new Bags();
    for (const item of titles) {
      const attributes = index.subarray(start[item], start[item + 1]);
      const hidden = dropped > 0 && attributes.length > 0 && this.rng.uniform() < dropped;
      putTitle(bags, hidden ? -1 : item, attributes, this.items);
    }
    return bags;
  }

  /** All titles, or where there are too many a draw of them with the right ones; and where the right ones stand. */
  private titlesFor(rows: Uint32Array): { titles: Int32Array; place: Int32Array } {
    const right = Int32Array.from(rows, (row) => this.item[row] as number);
    if (this.items <= this.options.titles) {
      return { titles: Int32Array.from({ length: this.items }, (_, i) => i), place: right };
    }
    const places = new Map<number, number>();
    const place = right.map((item) => {
      const known = places.get(item) ?? places.size;
      places.set(item, known);
      return known;
    });
    while (places.size < this.options.titles) {
      const item = this.rng.below(this.items);
      if (!places.has(item)) places.set(item, places.size);
    }
    return { titles: Int32Array.from(places.keys()), place };
  }
}

interface Ends {
  readonly queries: Floats;
  readonly vectors: Floats;
  readonly biases: Floats;
  readonly dq: Floats;
  readonly dv: Floats;
  readonly db: Floats;
}
