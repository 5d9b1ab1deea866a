import type { Uniforms } from '../../sampling/counted-rng.js';
import type { Floats } from '../../kernels/index.js';
import type { TaskRows } from '../../contract.js';
import { Bags } from '../../nets/embedding-bag.js';
import { head } from '../../nets/layers.js';
import type { Examples, Questions } from './examples.js';
import { putTitle } from './model.js';
import type { RankingNet } from './ranking-net.js';

export interface TaskOptions {
  readonly rate: number;
  /** See StepOptions. */
  readonly decay: number;
  /** See RetrievalOptions. */
  readonly dropped: number;
}

const CLIP = 5;

/** The questions of one task, with the histories they were asked on. */
export interface TaskQuestions extends Questions {
  readonly item: Int32Array;
  readonly label: Uint8Array;
}

export function questionsOf(task: TaskRows, examples: Examples): TaskQuestions {
  const before = Uint32Array.from(task.at, (at, row) => examples.before(task.unit[row] as number, at));
  return { unit: task.unit, at: task.at, before, context: task.context, item: task.item, label: task.label };
}

/** One question of one task. */
export interface TaskRow {
  readonly task: number;
  readonly row: number;
}

/**
 * Trains all heads on one trunk by the logistic loss (Caruana 1997): what one task learns of members and titles serves the
 * others, the most where they have few questions of their own.
 */
export class TaskTrainer {
  private readonly buffers: { dq: Floats; dv: Floats; db: Floats; dLogits: Floats };

  constructor(
    private readonly net: RankingNet,
    private readonly examples: Examples,
    private readonly tasks: readonly TaskQuestions[],
    private readonly options: TaskOptions,
    private readonly rng: Uniforms,
  ) {
    const { arena } = net.kernels;
    const { dimension, pairs, heads } = net.shape;
    this.buffers = {
      dq: arena.floats(pairs * dimension),
      dv: arena.floats(pairs * dimension),
      db: arena.floats(pairs),
      dLogits: arena.floats(pairs * heads),
    };
  }

  /** One step over questions of any tasks. @returns their mean loss. */
  train(rows: readonly TaskRow[]): number {
    const { parameters } = this.net;
    parameters.clearGradients();
    const loss = this.gradient(rows, true);
    parameters.step({ rate: this.options.rate, clip: CLIP, decay: this.options.decay });
    return loss;
  }

  /** Mean loss, with nothing hidden and nothing learned. */
  loss(rows: readonly TaskRow[]): number {
    return this.gradient(rows, false);
  }

  gradient(rows: readonly TaskRow[], training: boolean): number {
    const { net, rng } = this;
    const dropped = training ? this.options.dropped : 0;
    const { dimension, heads } = net.shape;
    const count = rows.length;
    const queries = net.queries(this.queryBags(rows, dropped, rng));
    const { vectors, biases } = net.titles(this.titleBags(rows, dropped));
    const each = Int32Array.from({ length: count }, (_, i) => i);
    const pairs = { query: each, title: each };
    const logits = net.pairs(queries.view, vectors.view, pairs).view;
    const dLogits = head(this.buffers.dLogits, count * heads);
    const db = head(this.buffers.db, count);
    const [g, b, bias] = [dLogits.view, db.view, biases.view];
    g.fill(0);
    let loss = 0;
    rows.forEach(({ task, row }, i) => {
      const logit = (logits[i * heads + task] as number) + (bias[i] as number);
      const label = this.tasks[task]?.label[row] as number;
      // ln(1 + e^z) without overflow.
      loss += (Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)))) / count;
      const gradient = (1 / (1 + Math.exp(-logit)) - label) / count;
      g[i * heads + task] = gradient;
      b[i] = gradient;
    });
    if (!training) return loss;
    const dq = head(this.buffers.dq, count * dimension);
    const dv = head(this.buffers.dv, count * dimension);
    dq.view.fill(0);
    dv.view.fill(0);
    net.pairsBackward(dLogits, pairs, dq.view, dv.view);
    net.titlesBackward(dv, db);
    net.queriesBackward(dq, count);
    return loss;
  }

  private queryBags(rows: readonly TaskRow[], dropped: number, rng: Uniforms) {
    return this.examples.queryBagsOf(
      rows.map(({ task, row }) => ({ questions: this.tasks[task] as Questions, row })),
      dropped,
      rng,
    );
  }

  private titleBags(rows: readonly TaskRow[], dropped: number): Bags {
    const { index, start } = this.examples.titleBags;
    const bags = new Bags();
    for (const { task, row } of rows) {
      const item = this.tasks[task]?.item[row] ?? -1;
      const attributes = item < 0 ? [] : index.subarray(start[item], start[item + 1]);
      const hidden = dropped > 0 && attributes.length > 0 && this.rng.uniform() < dropped;
      putTitle(bags, hidden ? -1 : item, attributes, this.net.shape.titles);
    }
    return bags;
  }
}
