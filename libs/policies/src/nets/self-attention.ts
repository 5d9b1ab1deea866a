import type { Rng } from '#experiments';
import type { Floats, Ints, Kernels } from '../kernels/index.js';
import { Dense, Dropout, Embedding, head, LayerNorm } from './layers.js';
import type { Parameters } from './parameters.js';
import type { SequenceLayer, SequenceNetOptions, SequenceShape } from './sequence-layer.js';

/**
 * One block of self-attentive sequential recommendation (Kang and McAuley 2018): causal attention whose queries are normalised,
 * then a feed-forward layer, each with its input added. One head; padding is neither asked nor answered.
 */
class AttentionBlock {
  private readonly norm: LayerNorm;
  private readonly query: Dense;
  private readonly key: Dense;
  private readonly value: Dense;
  private readonly mix: Dense;
  private readonly middle: LayerNorm;
  private readonly wide: Dense;
  private readonly narrow: Dense;
  private readonly dropWeights: Dropout;
  private readonly dropWide: Dropout;
  private readonly dropNarrow: Dropout;
  private readonly shares: Floats;
  private readonly dropped: Floats;
  private readonly dShares: Floats;
  private readonly attended: Floats;
  private readonly dQuery: Floats;
  private readonly dKey: Floats;
  private readonly dValue: Floats;
  private readonly sum: Floats;
  private readonly kernels: Kernels;
  private readonly width: number;
  private parts: { q: Floats; k: Floats; v: Floats } | undefined;
  private hidden: Floats | undefined;

  constructor(parameters: Parameters, name: string, options: SequenceNetOptions, rng: Rng) {
    const { batch, dimension, dropout, length } = options;
    const rows = batch * length;
    this.kernels = parameters.kernels;
    this.width = dimension;
    const dense = (part: string) => new Dense(parameters, `${name}.${part}`, dimension, dimension, rows);
    this.norm = new LayerNorm(parameters, `${name}.norm`, dimension, rows);
    this.query = dense('query');
    this.key = dense('key');
    this.value = dense('value');
    this.mix = dense('mix');
    this.middle = new LayerNorm(parameters, `${name}.middle`, dimension, rows);
    this.wide = dense('wide');
    this.narrow = dense('narrow');
    const drop = (size: number) => new Dropout(parameters, dropout, size, rng);
    this.dropWeights = drop(rows * length);
    this.dropWide = drop(rows * dimension);
    this.dropNarrow = drop(rows * dimension);
    const floats = (size: number) => this.kernels.arena.floats(size);
    [this.shares, this.dropped, this.dShares] = [
      floats(rows * length),
      floats(rows * length),
      floats(rows * length),
    ];
    [this.attended, this.sum] = [floats(rows * dimension), floats(rows * dimension)];
    [this.dQuery, this.dKey, this.dValue] = [
      floats(rows * dimension),
      floats(rows * dimension),
      floats(rows * dimension),
    ];
  }

  forward(x: Floats, shape: SequenceShape, training: boolean): Floats {
    const { kernels } = this;
    const rows = shape.batch * shape.steps;
    const asked = this.norm.forward(x, rows);
    this.parts = {
      q: this.query.forward(asked, rows),
      k: this.key.forward(x, rows),
      v: this.value.forward(x, rows),
    };
    const sum = head(this.sum, x.length);
    sum.view.set(asked.view);
    kernels.addScaled(sum, this.mix.forward(this.attend(shape, training), rows));
    const middle = this.middle.forward(sum, rows);
    const hidden = this.wide.forward(middle, rows);
    kernels.activate('relu', hidden, hidden);
    this.dropWide.forward(hidden, hidden, training);
    this.hidden = hidden;
    const out = this.narrow.forward(hidden, rows);
    this.dropNarrow.forward(out, out, training);
    kernels.addScaled(out, middle);
    return out;
  }

  /** Weighted means of the values, sequence by sequence. */
  private attend(shape: SequenceShape, training: boolean): Floats {
    const { kernels, width } = this;
    const { batch, steps } = shape;
    const { q, k, v } = this.parts as { q: Floats; k: Floats; v: Floats };
    const scale = 1 / Math.sqrt(width);
    for (let b = 0; b < batch; b++) {
      const [from, size] = [b * steps * width, steps * width];
      const scores = this.shares.part(b * steps * steps, steps * steps);
      const inner = { m: steps, n: steps, k: width, turnB: true };
      kernels.product(scores, q.part(from, size), k.part(from, size), inner);
      kernels.softmax(scores, steps, steps, { scale, causal: true, first: shape.first[b] as number });
    }
    const shares = head(this.shares, batch * steps * steps);
    const dropped = head(this.dropped, batch * steps * steps);
    this.dropWeights.forward(dropped, shares, training);
    const attended = head(this.attended, batch * steps * width);
    for (let b = 0; b < batch; b++) {
      const [from, size] = [b * steps * width, steps * width];
      const weights = dropped.part(b * steps * steps, steps * steps);
      kernels.product(attended.part(from, size), weights, v.part(from, size), {
        m: steps,
        n: width,
        k: steps,
      });
    }
    return attended;
  }

  backward(dy: Floats, shape: SequenceShape): Floats {
    const { kernels } = this;
    const rows = shape.batch * shape.steps;
    // The gradient of the added input is taken before dropout changes dy.
    const dMiddle = head(this.dQuery, dy.length);
    dMiddle.view.set(dy.view);
    this.dropNarrow.backward(dy);
    const dHidden = this.narrow.backward(dy, rows);
    this.dropWide.backward(dHidden);
    kernels.activateBackward('relu', this.hidden as Floats, dHidden, dHidden);
    kernels.addScaled(dMiddle, this.wide.backward(dHidden, rows));
    const dSum = this.middle.backward(dMiddle, rows);
    this.attendBack(this.mix.backward(dSum, rows), shape);
    kernels.addScaled(dSum, this.query.backward(head(this.dQuery, dy.length), rows));
    const dx = this.norm.backward(dSum, rows);
    kernels.addScaled(dx, this.key.backward(head(this.dKey, dy.length), rows));
    kernels.addScaled(dx, this.value.backward(head(this.dValue, dy.length), rows));
    return dx;
  }

  private attendBack(dAttended: Floats, shape: SequenceShape): void {
    const { kernels, width } = this;
    const { batch, steps } = shape;
    const { q, k, v } = this.parts as { q: Floats; k: Floats; v: Floats };
    const square = steps * steps;
    const dShares = head(this.dShares, batch * square);
    for (let b = 0; b < batch; b++) {
      const [from, size] = [b * steps * width, steps * width];
      const dOut = dAttended.part(from, size);
      const outer = { m: steps, n: steps, k: width, turnB: true };
      kernels.product(dShares.part(b * square, square), dOut, v.part(from, size), outer);
      const inner = { m: steps, n: width, k: steps, turnA: true };
      kernels.product(this.dValue.part(from, size), this.dropped.part(b * square, square), dOut, inner);
    }
    this.dropWeights.backward(dShares);
    const shares = head(this.shares, batch * square);
    kernels.softmaxBackward(dShares, shares, dShares, batch * steps, steps, 1 / Math.sqrt(width));
    for (let b = 0; b < batch; b++) {
      const [from, size] = [b * steps * width, steps * width];
      const dScores = dShares.part(b * square, square);
      const inner = { m: steps, n: width, k: steps };
      kernels.product(this.dQuery.part(from, size), dScores, k.part(from, size), inner);
      kernels.product(this.dKey.part(from, size), dScores, q.part(from, size), { ...inner, turnA: true });
    }
  }
}

/** Learned positions, dropout, blocks of attention and a last normalisation. */
export class SelfAttentionLayer implements SequenceLayer {
  readonly rows = 'by sequence';
  private readonly positions: Embedding;
  private readonly places: Ints;
  private readonly drop: Dropout;
  private readonly blocks: readonly AttentionBlock[];
  private readonly last: LayerNorm;
  private readonly kernels: Kernels;
  private readonly length: number;
  private shape: SequenceShape | undefined;

  constructor(parameters: Parameters, options: SequenceNetOptions, rng: Rng) {
    const { batch, dimension, length } = options;
    const rows = batch * length;
    this.kernels = parameters.kernels;
    this.length = length;
    this.positions = new Embedding(parameters, 'positions', length, dimension, 1, rows);
    this.places = this.kernels.arena.ints(rows);
    this.drop = new Dropout(parameters, options.dropout, rows * dimension, rng);
    this.blocks = Array.from(
      { length: options.blocks },
      (_, index) => new AttentionBlock(parameters, `block ${index + 1}`, options, rng),
    );
    this.last = new LayerNorm(parameters, 'last', dimension, rows);
  }

  forward(x: Floats, shape: SequenceShape, training: boolean): Floats {
    const { batch, steps } = shape;
    this.shape = shape;
    const places = this.places.part(0, batch * steps);
    // Positions count from the newest step back, whatever the padding.
    const { view } = places;
    for (let row = 0; row < view.length; row++) {
      const step = row % steps;
      const padding = step < (shape.first[(row - step) / steps] as number);
      view[row] = padding ? -1 : this.length - steps + step;
    }
    this.kernels.addScaled(x, this.positions.forward(places));
    this.drop.forward(x, x, training);
    const out = this.blocks.reduce((input, block) => block.forward(input, shape, training), x);
    return this.last.forward(out, batch * steps);
  }

  backward(dy: Floats): Floats {
    const shape = this.shape as SequenceShape;
    const last = this.last.backward(dy, shape.batch * shape.steps);
    const dx = this.blocks.reduceRight((gradient, block) => block.backward(gradient, shape), last);
    this.drop.backward(dx);
    this.positions.backward(dx);
    return dx;
  }
}
