import { withKernels } from '../kernels/index.js';
import { packedRow } from '../linear-algebra/packed.js';
import { rowProducts } from '../linear-algebra/row-products.js';
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
  data: readonly ActionData[],
  context: number,
  action: number,
  ridge: number,
  base: number,
): LinearBlock {
  const dim = context * action;
  const a = new Float64Array(packedRow(dim));
  const b = new Float64Array(dim);
  const pairs = packedRow(action);
  const square = context * context;
  const atOnce = Math.max(1, Math.floor(MOST_NUMBERS / square));
  withKernels((kernels) => {
    const count = Math.min(atOnce, data.length);
    const features = kernels.arena.doubles(count * pairs);
    const told = kernels.arena.doubles(count * square);
    const sums = kernels.arena.doubles(pairs * square);
    for (let from = 0; from < data.length; from += atOnce) {
      const part = data.slice(from, from + atOnce);
      part.forEach(({ block, fade }, n) => {
        // Not factorOf: a block may still be changing, and what is kept must belong to what is finished.
        const factor = new Factor(block, ridge, fade);
        addMean(b, block.action, meanWeights(block, factor, base, null), base, ridge);
        writePairs(features.view.subarray(n * pairs, (n + 1) * pairs), block.action);
        writeTold(told.view.subarray(n * square, (n + 1) * square), factor.inverse, context, ridge);
      });
      const k = part.length;
      kernels.product(sums, features, told, { m: pairs, n: square, k, turnA: true, add: true });
    }
    writeSums(a, sums.view, context, action);
  });
  return { dim, a, b, at: 0, action: new Float64Array(0) };
}

/** What actions tell is added up for as many of them at once as fit into so many doubles. */
const MOST_NUMBERS = 131_072;

/** b += y (x) t, where t = ridge (mean weights - base e_0). */
function addMean(b: Float64Array, y: Float64Array, mean: Float64Array, base: number, ridge: number): void {
  mean[0] = (mean[0] as number) - base;
  const size = mean.length;
  for (let j = 0; j < y.length; j++) {
    const yj = ridge * (y[j] as number);
    for (let i = 0; i < size; i++) b[j * size + i] = (b[j * size + i] as number) + yj * (mean[i] as number);
  }
}

/** y_j y_k of all k <= j. */
function writePairs(into: Float64Array, y: Float64Array): void {
  into.fill(0);
  for (let j = 0; j < y.length; j++)
    for (let k = 0; k <= j; k++) into[packedRow(j) + k] = (y[j] as number) * (y[k] as number);
}

/** S = ridge (I - ridge P). */
function writeTold(into: Float64Array, inverse: Float64Array, size: number, ridge: number): void {
  for (let i = 0; i < into.length; i++) into[i] = -ridge * ridge * (inverse[i] as number);
  for (let i = 0; i < into.length; i += size + 1) into[i] = (into[i] as number) + ridge;
}

/** The sums of (y y') (x) S from those of y_j y_k S, block by block. */
function writeSums(a: Float64Array, sums: Float64Array, size: number, action: number): void {
  for (let j = 0; j < action; j++) {
    for (let k = 0; k <= j; k++) {
      for (let i = 0; i < size; i++) {
        const from = (packedRow(j) + k) * size * size + i * size;
        const into = packedRow(j * size + i) + k * size;
        const length = j === k ? i + 1 : size;
        for (let l = 0; l < length; l++) a[into + l] = sums[from + l] as number;
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
    const sum = rowProducts(white, size, dim);
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
