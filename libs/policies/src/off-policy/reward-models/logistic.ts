import { defineParams, DomainError } from '#experiments';
import { z } from 'zod';
import { choleskyInPlace, solveCholesky } from '../../linear-algebra/cholesky.js';
import { addOuterLower, addScaled, dot } from '../../linear-algebra/rank-one.js';
import type { LoggedRows, RewardModel } from '../contract.js';
import { linearDesign, rowsByAction } from './features.js';
import type { LinearDesign } from './features.js';

const MOST_STEPS = 100;
/** Newton decrements below which whole steps are safe, and after which one more step is exact. */
const NEAR = 1e-6;
const DONE = 1e-16;
const LEAST_STEP = 1e-10;
/** An intercept without penalty runs off to infinity where an action never (or always) earned. */
const LEAST_PENALTY = 1e-9;

const params = defineParams(
  z.object({
    penalty: z
      .number()
      .positive()
      .default(1)
      .describe('Times half the squared coefficients; the intercept is free.'),
    interactions: z
      .boolean()
      .default(true)
      .describe('Products of context and action: every action has its own coefficients.'),
  }),
);

const log1pExp = (z0: number): number => (z0 > 0 ? z0 + Math.log1p(Math.exp(-z0)) : Math.log1p(Math.exp(z0)));
const sigmoid = (z0: number): number => (z0 >= 0 ? 1 / (1 + Math.exp(-z0)) : 1 - 1 / (1 + Math.exp(z0)));

/** One penalised logistic regression on some rows: objective, gradient and Hessian. */
class Fit {
  private readonly x: Float64Array;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;

  constructor(
    private readonly rows: LoggedRows,
    private readonly design: LinearDesign,
    private readonly list: Uint32Array,
    private readonly rowWeight: Float64Array | undefined,
    private readonly penalty: number,
  ) {
    this.x = new Float64Array(design.width);
    this.gradient = new Float64Array(design.width);
    this.hessian = new Float64Array(design.width * design.width);
  }

  private penaltyOf(j: number): number {
    return j === this.design.width - 1 ? LEAST_PENALTY : this.penalty;
  }

  objective(theta: Float64Array): number {
    let sum = 0;
    for (let j = 0; j < theta.length; j++) sum += 0.5 * this.penaltyOf(j) * (theta[j] as number) ** 2;
    for (const i of this.list) {
      const z0 = this.score(i, theta);
      sum += this.weightOf(i) * (log1pExp(z0) - (this.rows.reward[i] as number) * z0);
    }
    return sum;
  }

  derive(theta: Float64Array): void {
    const n = this.design.width;
    this.hessian.fill(0);
    for (let j = 0; j < n; j++) {
      this.gradient[j] = this.penaltyOf(j) * (theta[j] as number);
      this.hessian[j * n + j] = this.penaltyOf(j);
    }
    for (const i of this.list) {
      const v = this.weightOf(i);
      if (v === 0) continue;
      const mu = sigmoid(this.score(i, theta));
      addScaled(this.gradient, this.x, v * (mu - (this.rows.reward[i] as number)));
      addOuterLower(this.hessian, n, this.x, v * Math.max(mu * (1 - mu), 1e-12));
    }
  }

  private score(i: number, theta: Float64Array): number {
    this.design.fill(i, this.rows.action[i] as number, this.x);
    return dot(this.x, theta, theta.length);
  }

  private weightOf(i: number): number {
    return this.rowWeight ? (this.rowWeight[i] as number) : 1;
  }
}

/**
 * Newton's method on a convex objective. Far from the minimum, steps are halved until they descend; near it (the
 * decrement is the gap that is left) whole steps converge quadratically and the objective is too coarse to check them.
 */
function minimise(fit: Fit, start: Float64Array): Float64Array {
  const n = start.length;
  let theta = start;
  let current = fit.objective(theta);
  for (let step = 0; step < MOST_STEPS; step++) {
    fit.derive(theta);
    const move = fit.gradient.slice();
    choleskyInPlace(fit.hessian, n);
    solveCholesky(fit.hessian, n, move);
    const decrement = dot(move, fit.gradient, n);
    const stepped = (length: number) => theta.map((t, j) => t - length * (move[j] as number));
    if (decrement < NEAR) {
      theta = stepped(1);
      if (decrement < DONE) break;
      continue;
    }
    let length = 1;
    let next = stepped(1);
    let value = fit.objective(next);
    while (!(value <= current) && length > LEAST_STEP) {
      length /= 2;
      next = stepped(length);
      value = fit.objective(next);
    }
    theta = next;
    current = value;
  }
  return theta;
}

/** Logistic regression at the unique optimum of 0.5 penalty |w|^2 + sum log loss. */
export const logistic: RewardModel<{ penalty: number; interactions: boolean }> = {
  key: 'logistic',
  title: 'Logistic regression',
  summary:
    'For rewards between 0 and 1: a linear function of the context on the logit scale, for every action.',
  params,
  fit(rows, training, rowWeight, { penalty, interactions }) {
    for (const i of training) {
      const r = rows.reward[i] as number;
      if (!(r >= 0 && r <= 1)) {
        throw new DomainError('invalid_model', 'logistic regression needs rewards between 0 and 1');
      }
    }
    const design = linearDesign(rows, interactions);
    const lists = interactions ? rowsByAction(rows, training) : [training];
    const theta = lists.map((list) =>
      minimise(new Fit(rows, design, list, rowWeight, penalty), new Float64Array(design.width)),
    );
    const x = new Float64Array(design.width);
    return (row, into) => {
      for (let a = 0; a < into.length; a++) {
        if (a === 0 || !interactions) design.fill(row, a, x);
        into[a] = sigmoid(dot(x, theta[design.blockOf(a)] as Float64Array, design.width));
      }
    };
  },
};
