import { choleskyInPlace, invertFactor } from '../../linear-algebra/cholesky.js';
import { packedColumn, packedRow } from '../../linear-algebra/packed.js';
import { dot, quadraticForm } from '../../linear-algebra/rank-one.js';
import { decayFactor } from '../decayed-counts.js';
import { weightScales, weightsPerArm } from './model.js';
import type { HierarchicalModel } from './model.js';
import { HierarchicalPrior } from './prior.js';
import type { Conditional, PriorVariances } from './prior.js';

/** Keeps the pivots above rounding, whatever the features' units. */
const JITTER = 1e-11;
/** Doubles of posteriors kept between an update and the requests it serves: 64 MB. */
const MOST_KEPT = 2 ** 23;

export interface PosteriorParams extends PriorVariances {
  readonly halfLifeDays: number | null;
}

/** Mean and variance of one action's log odds. */
export interface Score {
  readonly mean: number;
  readonly variance: number;
}

/**
 * Joint normal posterior of all actions' weights. Rewards tie no two actions together, only the prior does, so the
 * likelihood is one small block per action and the precision is their direct sum plus the prior's.
 */
export class HierarchicalPosterior {
  /** Weights per action, and of all of them. */
  readonly dim: number;
  readonly size: number;
  readonly prior: HierarchicalPrior;
  private readonly theta: Float64Array;
  /** L^-1 of the precision L L', transposed and packed (invertFactor). */
  private readonly factor: Float64Array;
  private readonly scales: Float64Array;
  private readonly covariances: (Float64Array | undefined)[];

  /** @param at the time as of which what was learned has faded, Unix milliseconds. */
  constructor(model: HierarchicalModel, at: number, params: PosteriorParams) {
    const arms = model.arms.length;
    this.dim = weightsPerArm(model);
    this.size = arms * this.dim;
    this.scales = weightScales(model);
    this.covariances = new Array<Float64Array | undefined>(arms).fill(undefined);
    this.prior = new HierarchicalPrior(
      model.arms.map((arm) => arm.features),
      model.armSize,
      params,
    );
    const { precision, target } = this.likelihood(model, at, params.halfLifeDays);
    this.addPrior(precision, arms);
    for (let i = 0; i < this.size; i++)
      precision[i * this.size + i] = (precision[i * this.size + i] as number) * (1 + JITTER);
    choleskyInPlace(precision, this.size);
    this.factor = invertFactor(precision, this.size);
    this.theta = this.backward(this.forward(target));
  }

  private likelihood(model: HierarchicalModel, at: number, halfLifeDays: number | null) {
    const { dim, size } = this;
    const precision = new Float64Array(size * size);
    const target = new Float64Array(size);
    model.arms.forEach(({ block }, arm) => {
      const fade = decayFactor(block.at, at, halfLifeDays);
      const start = arm * dim;
      for (let i = 0; i < dim; i++) {
        const row = (start + i) * size + start;
        for (let j = 0; j <= i; j++) precision[row + j] = fade * (block.a[packedRow(i) + j] as number);
        target[start + i] = fade * (block.b[i] as number);
      }
    });
    return { precision, target };
  }

  private addPrior(precision: Float64Array, arms: number): void {
    const { dim, size } = this;
    const { levelPrecision, slopePrecision } = this.prior;
    for (let i = 0; i < dim; i++) {
      const table = i === 0 ? levelPrecision : slopePrecision;
      const scale = this.scales[i] as number;
      for (let a = 0; a < arms; a++) {
        for (let c = 0; c <= a; c++) {
          const at = (a * dim + i) * size + c * dim + i;
          precision[at] = (precision[at] as number) + scale * (table[a * arms + c] as number);
        }
      }
    }
  }

  /** L^-1 v. */
  private forward(v: Float64Array): Float64Array {
    const { size, factor } = this;
    const out = new Float64Array(size);
    for (let j = 0; j < size; j++) addRow(out, factor, packedColumn(j, size), j, size, v[j] as number);
    return out;
  }

  /** L'^-1 v. */
  private backward(v: Float64Array): Float64Array {
    const { size, factor } = this;
    return Float64Array.from({ length: size }, (_, j) => {
      const row = packedColumn(j, size);
      let sum = 0;
      for (let i = j; i < size; i++) sum += (factor[row + i] as number) * (v[i] as number);
      return sum;
    });
  }

  /** L^-1 phi of action `arm` in context x; the covariance of two scores is the product of two of these. */
  whiten(arm: number, x: Float64Array): Float64Array {
    const { dim, size, factor } = this;
    const out = new Float64Array(size);
    for (let i = 0; i < dim; i++) {
      const j = arm * dim + i;
      addRow(out, factor, packedColumn(j, size), j, size, x[i] as number);
    }
    return out;
  }

  meanOf(arm: number, x: Float64Array): number {
    const weights = this.theta.subarray(arm * this.dim, (arm + 1) * this.dim);
    return dot(weights, x, this.dim);
  }

  score(arm: number, x: Float64Array): Score {
    return {
      mean: this.meanOf(arm, x),
      variance: Math.max(0, quadraticForm(this.covarianceOf(arm), this.dim, x)),
    };
  }

  /** Score of an action the model has never learned from. */
  scoreGiven(conditional: Conditional, x: Float64Array): Score {
    const { dim, size } = this;
    const phi = new Float64Array(size);
    for (let j = 0; j < size; j++) {
      const i = j % dim;
      const share = i === 0 ? conditional.level : conditional.slope;
      phi[j] = (share[(j - i) / dim] as number) * (x[i] as number);
    }
    const white = this.forward(phi);
    let variance = dot(white, white, size) + conditional.levelVariance * (x[0] as number) ** 2;
    for (let i = 1; i < dim; i++)
      variance += (conditional.slopeVariance * (x[i] as number) ** 2) / (this.scales[i] as number);
    return { mean: dot(phi, this.theta, size), variance };
  }

  private covarianceOf(arm: number): Float64Array {
    const known = this.covariances[arm];
    if (known !== undefined) return known;
    const { dim, size, factor } = this;
    const covariance = new Float64Array(dim * dim);
    const start = arm * dim;
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j <= i; j++) {
        const rowI = packedColumn(start + i, size);
        const rowJ = packedColumn(start + j, size);
        let sum = 0;
        for (let k = start + i; k < size; k++)
          sum += (factor[rowI + k] as number) * (factor[rowJ + k] as number);
        covariance[i * dim + j] = covariance[j * dim + i] = sum;
      }
    }
    this.covariances[arm] = covariance;
    return covariance;
  }
}

function addRow(
  out: Float64Array,
  matrix: Float64Array,
  row: number,
  from: number,
  to: number,
  by: number,
): void {
  if (by === 0) return;
  for (let i = from; i < to; i++) out[i] = (out[i] as number) + by * (matrix[row + i] as number);
}

interface Kept {
  readonly key: string;
  readonly posterior: HierarchicalPosterior;
}

/** A model is immutable: what was computed to serve it is what its next update starts from. Oldest first. */
const kept = new Map<HierarchicalModel, Kept>();
let keptSize = 0;

/** The posterior as of `at`; computed once while the model is in use. */
export function posteriorOf(
  model: HierarchicalModel,
  at: number,
  params: PosteriorParams,
): HierarchicalPosterior {
  const time = params.halfLifeDays === null ? 0 : at;
  const key = `${time} ${params.halfLifeDays} ${params.commonVariance} ${params.sharedVariance} ${params.ownVariance}`;
  const known = kept.get(model);
  if (known?.key === key) return known.posterior;
  const posterior = new HierarchicalPosterior(model, at, params);
  if (known !== undefined) forget(model, known);
  kept.set(model, { key, posterior });
  keptSize += packedRow(posterior.size);
  for (const [old, entry] of kept) {
    if (keptSize <= MOST_KEPT || old === model) break;
    forget(old, entry);
  }
  return posterior;
}

function forget(model: HierarchicalModel, { posterior }: Kept): void {
  kept.delete(model);
  keptSize -= packedRow(posterior.size);
}
