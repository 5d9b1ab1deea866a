import { segmentProduct } from '../linear-algebra/cholesky.js';
import { packedRow } from '../linear-algebra/packed.js';
import { Factor, factorOf, meanWeights } from './linear-block.js';
import type { LinearBlock } from './linear-block.js';

/**
 * The hybrid model: the weights of action a with features y = [1, z] are w = M y + own, M ~ N(0, I / ridge),
 * own ~ N(0, I / ownRidge). Its posterior is exact though M is solved apart from the actions: with the own part
 * integrated out, an action's data (A, b) tell about M y what S = ownRidge A P and t = ownRidge P b, P = (A + ownRidge I)^-1
 * say, and given M y the action is a ridge regression with that prior mean (Li, Chu, Langford and Schapire 2010, the
 * hybrid model, by blocks).
 */

/** One action's data, its block faded by `fade`. */
export interface ActionData {
  readonly block: LinearBlock;
  readonly fade: number;
}

/**
 * What all actions together tell about M, as a block over (action feature j, context feature i) at j * context + i.
 * @param context length of [1, context]. @param action length of [1, z].
 */
export function sharedInformation(
  data: Iterable<ActionData>,
  context: number,
  action: number,
  ridge: number,
  base: number,
): LinearBlock {
  const dim = context * action;
  const a = new Float64Array(packedRow(dim));
  const b = new Float64Array(dim);
  for (const { block, fade } of data) {
    // Not factorOf: a block may still be changing, and what is kept must belong to what is finished.
    const factor = new Factor(block, ridge, fade);
    const told = meanWeights(block, factor, base, null);
    told[0] = (told[0] as number) - base;
    addAction(a, b, block.action, factor.inverse, told, ridge);
  }
  return { dim, a, b, at: 0, action: new Float64Array(0) };
}

/** a += (y y') (x) S on the packed triangle and b += y (x) t, where S = ridge (I - ridge P). */
function addAction(
  a: Float64Array,
  b: Float64Array,
  y: Float64Array,
  inverse: Float64Array,
  told: Float64Array,
  ridge: number,
): void {
  const size = told.length;
  for (let j = 0; j < y.length; j++) {
    const yj = ridge * (y[j] as number);
    if (yj === 0) continue;
    for (let i = 0; i < size; i++) b[j * size + i] = (b[j * size + i] as number) + yj * (told[i] as number);
    for (let k = 0; k <= j; k++) {
      const yy = yj * (y[k] as number);
      if (yy === 0) continue;
      for (let i = 0; i < size; i++) {
        const row = packedRow(j * size + i) + k * size;
        const last = j === k ? i : size - 1;
        for (let l = 0; l <= last; l++) {
          a[row + l] = (a[row + l] as number) - yy * ridge * (inverse[i * size + l] as number);
        }
        a[row + i] = (a[row + i] as number) + yy;
      }
    }
  }
}

/** Prior of one action from what is known of M. Answers are kept as long as the information lives. */
export class SharedWeights {
  private readonly beta: Float64Array;
  private readonly means = new WeakMap<Float64Array, Float64Array>();
  private readonly covariances = new WeakMap<Float64Array, Float64Array>();

  constructor(
    private readonly information: LinearBlock,
    readonly ridge: number,
    readonly context: number,
  ) {
    this.beta = meanWeights(information, factorOf(information, ridge, 1), 0, null);
  }

  /** M y. @param y [1, z]; the answer is kept with this array. */
  mean(y: Float64Array): Float64Array {
    const known = this.means.get(y);
    if (known !== undefined) return known;
    const size = this.context;
    const mean = new Float64Array(size);
    for (let j = 0; j < y.length; j++) {
      const yj = y[j] as number;
      if (yj === 0) continue;
      for (let i = 0; i < size; i++) mean[i] = (mean[i] as number) + yj * (this.beta[j * size + i] as number);
    }
    this.means.set(y, mean);
    return mean;
  }

  /** Covariance of M y, size * size; kept with this array. */
  covariance(y: Float64Array): Float64Array {
    const known = this.covariances.get(y);
    if (known !== undefined) return known;
    const { dim } = this.information;
    const factor = factorOf(this.information, this.ridge, 1);
    const size = this.context;
    // Row i: W'(y (x) e_i), where (A + ridge I)^-1 = W W'. The whole inverse would cost more than all actions do.
    const white = new Float64Array(size * dim);
    const u = new Float64Array(dim);
    for (let i = 0; i < size; i++) {
      u.fill(0);
      for (let j = 0; j < y.length; j++) u[j * size + i] = y[j] as number;
      factor.variance(u, white.subarray(i * dim, (i + 1) * dim));
    }
    const sum = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let l = 0; l <= i; l++) {
        sum[i * size + l] = segmentProduct(white, i * dim, white, l * dim, dim);
        sum[l * size + i] = sum[i * size + l] as number;
      }
    }
    this.covariances.set(y, sum);
    return sum;
  }

  /** Variance of x' M y for an action that is asked for once. */
  varianceOf(x: Float64Array, y: Float64Array): number {
    const u = new Float64Array(this.information.dim);
    for (let j = 0; j < y.length; j++) {
      const yj = y[j] as number;
      for (let i = 0; i < x.length; i++) u[j * x.length + i] = yj * (x[i] as number);
    }
    return factorOf(this.information, this.ridge, 1).variance(u, new Float64Array(u.length));
  }
}

const solved = new WeakMap<LinearBlock, SharedWeights>();

/** The solution for what is known, made once for as long as that lives. */
export function sharedWeightsOf(information: LinearBlock, ridge: number, context: number): SharedWeights {
  const known = solved.get(information);
  if (known !== undefined && known.ridge === ridge && known.context === context) return known;
  const weights = new SharedWeights(information, ridge, context);
  solved.set(information, weights);
  return weights;
}
