import { Arena } from './arena.js';
import type { Block, Doubles, Floats, Ints } from './arena.js';
import { ACTIVATIONS, wasmEngine } from './engine.js';
import type { Activation, Engine } from './engine.js';

/** C (m x n) from A (m x k, or k x m when turnA) and B (k x n, or n x k when turnB). */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly turnA?: boolean;
  readonly turnB?: boolean;
  /** Adds to C instead of replacing it. */
  readonly add?: boolean;
  /** Elements from one stored row to the next, where the rows are part of wider ones. */
  readonly lda?: number;
  readonly ldb?: number;
  readonly ldc?: number;
}

export interface AdamStep {
  readonly rate: number;
  /** Number of this step, from 1. */
  readonly step: number;
  /** Factor on the gradient, for clipping. */
  readonly scale: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const NORM_EPSILON = 1e-5;

/** The addresses are not checked inside of the module, so they are here. */
function need(block: Block<Float32Array | Float64Array | Int32Array>, elements: number): void {
  if (block.length < elements)
    throw new RangeError(`a block of ${block.length} elements where ${elements} are needed`);
}

function span(rows: number, columns: number, stride: number): number {
  return rows === 0 || columns === 0 ? 0 : (rows - 1) * stride + columns;
}

/**
 * Numeric kernels on blocks of an arena: WebAssembly with SIMD, about twenty to forty times plain loops. Matrices are row-major
 * without gaps, one after the other in a block; float32 unless a signature says otherwise.
 */
export class Kernels {
  readonly arena: Arena;

  constructor(
    readonly engine: Engine = wasmEngine(),
    limit?: number,
  ) {
    this.arena = new Arena(engine, limit);
  }

  /** c = or += op(a) op(b), of floats or of doubles. @throws RangeError when a block is too short for the shape. */
  product<T extends Floats | Doubles>(c: T, a: T, b: T, shape: ProductShape): void {
    const { m, n, k, turnA = false, turnB = false, add = false } = shape;
    const { lda = turnA ? m : k, ldb = turnB ? k : n, ldc = n } = shape;
    need(a, turnA ? span(k, m, lda) : span(m, k, lda));
    need(b, turnB ? span(n, k, ldb) : span(k, n, ldb));
    need(c, span(m, n, ldc));
    const gemm = c.size === 4 ? this.engine.gemm32 : this.engine.gemm64;
    gemm(a.at, b.at, c.at, m, n, k, lda, ldb, ldc, Number(turnA), Number(turnB), Number(add));
  }

  /** y = f(x), element by element; y may be x. */
  activate(kind: Activation, x: Floats, y: Floats): void {
    need(y, x.length);
    this.engine.activate(ACTIVATIONS[kind], x.at, y.at, x.length);
  }

  /** dx = dy f'. `v` is the value y for exp, sigmoid and tanh, the argument x for relu and gelu. dx may be dy. */
  activateBackward(kind: Activation, v: Floats, dy: Floats, dx: Floats): void {
    need(v, dy.length);
    need(dx, dy.length);
    this.engine.activateBackward(ACTIVATIONS[kind], v.at, dy.at, dx.at, dy.length);
  }

  /** y += alpha x. */
  addScaled(y: Floats, x: Floats, alpha = 1): void {
    need(y, x.length);
    this.engine.axpy(alpha, x.at, y.at, x.length);
  }

  /** y = alpha a b, element by element; y may be a or b. */
  multiply(y: Floats, a: Floats, b: Floats, alpha = 1): void {
    need(a, y.length);
    need(b, y.length);
    this.engine.multiply(alpha, a.at, b.at, y.at, y.length);
  }

  sumSquares(x: Floats): number {
    return this.engine.sumSquares(x.at, x.length);
  }

  /** Adds `bias` to each of the rows of y. */
  addBias(y: Floats, bias: Floats, rows: number): void {
    need(y, rows * bias.length);
    this.engine.addBias(y.at, bias.at, rows, bias.length);
  }

  /** sums += the sum of the rows of x: the gradient of addBias. */
  addColumnSums(sums: Floats, x: Floats, rows: number): void {
    need(x, rows * sums.length);
    this.engine.addColumnSums(x.at, sums.at, rows, sums.length);
  }

  /** out[r] = scale table[index[r]], rows of n floats; a negative index gives zeros. */
  gather(out: Floats, table: Floats, index: Ints, n: number, scale = 1): void {
    need(out, index.length * n);
    this.checkIndex(index, table.length / n);
    this.engine.gather(table.at, index.at, out.at, index.length, n, scale);
  }

  /** table[index[r]] += scale x[r]: the gradient of gather. */
  scatterAdd(table: Floats, x: Floats, index: Ints, n: number, scale = 1): void {
    need(x, index.length * n);
    this.checkIndex(index, table.length / n);
    this.engine.scatterAdd(x.at, index.at, table.at, index.length, n, scale);
  }

  /**
   * x[r] = softmax(scale x[r]) of each row over its columns first .. n, or first .. r when causal; the other columns, and rows
   * without any, become 0.
   */
  softmax(
    x: Floats,
    rows: number,
    n: number,
    options: { scale?: number; causal?: boolean; first?: number },
  ): void {
    need(x, rows * n);
    const { scale = 1, causal = false, first = 0 } = options;
    this.engine.softmaxRows(x.at, rows, n, scale, Number(causal), first);
  }

  /** dx[r] = scale p[r] (dp[r] - p[r] . dp[r]): the gradient of softmax. dx may be dp. */
  softmaxBackward(dx: Floats, p: Floats, dp: Floats, rows: number, n: number, scale = 1): void {
    for (const block of [dx, p, dp]) need(block, rows * n);
    this.engine.softmaxBackward(p.at, dp.at, dx.at, rows, n, scale);
  }

  /**
   * Sum over the rows of -weight log softmax(logits[r])[target[r]]; puts its gradient in the place of the logits. Rows with a
   * negative target count nothing.
   */
  crossEntropy(logits: Floats, target: Ints, n: number, weight: number): number {
    need(logits, target.length * n);
    this.checkIndex(target, n);
    return this.engine.crossEntropy(logits.at, target.at, target.length, n, weight);
  }

  /** y[r] = gamma (x[r] - mean) / sd + beta; keeps the standardised rows and 1 / sd of each for the gradient. */
  layerNorm(
    y: Floats,
    x: Floats,
    gamma: Floats,
    beta: Floats,
    kept: { readonly standard: Floats; readonly inverse: Floats },
    rows: number,
  ): void {
    const n = gamma.length;
    for (const block of [y, x, kept.standard]) need(block, rows * n);
    need(beta, n);
    need(kept.inverse, rows);
    const { standard, inverse } = kept;
    this.engine.layerNorm(x.at, gamma.at, beta.at, y.at, standard.at, inverse.at, rows, n, NORM_EPSILON);
  }

  /** dx = the gradient with respect to x (may be dy); adds to dgamma and dbeta. */
  layerNormBackward(
    dx: Floats,
    dy: Floats,
    gamma: Floats,
    kept: { readonly standard: Floats; readonly inverse: Floats },
    gradients: { readonly gamma: Floats; readonly beta: Floats },
    rows: number,
  ): void {
    const n = gamma.length;
    for (const block of [dx, dy, kept.standard]) need(block, rows * n);
    need(kept.inverse, rows);
    need(gradients.gamma, n);
    need(gradients.beta, n);
    this.engine.layerNormBackward(
      dy.at,
      gamma.at,
      kept.standard.at,
      kept.inverse.at,
      dx.at,
      gradients.gamma.at,
      gradients.beta.at,
      rows,
      n,
    );
  }

  /** One step of Adam (Kingma and Ba 2015; beta .9 and .999, epsilon 1e-8), in place. `mean` and `square` start as zeros. */
  adam(weights: Floats, gradient: Floats, mean: Floats, square: Floats, step: AdamStep): void {
    for (const block of [gradient, mean, square]) need(block, weights.length);
    const squares = Math.sqrt(1 - BETA2 ** step.step);
    const rate = (step.rate * squares) / (1 - BETA1 ** step.step);
    this.engine.adam(
      weights.at,
      gradient.at,
      mean.at,
      square.at,
      weights.length,
      step.scale,
      rate,
      BETA1,
      BETA2,
      EPSILON * squares,
    );
  }

  private checkIndex(index: Ints, rows: number): void {
    const { view } = index;
    for (let i = 0; i < view.length; i++) {
      if ((view[i] as number) >= rows) throw new RangeError(`row ${view[i]} of a table of ${rows}`);
    }
  }
}
