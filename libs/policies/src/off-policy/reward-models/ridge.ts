import { defineParams } from '#experiments';
import { z } from 'zod';
import { choleskyInPlace, solveCholesky } from '../../linear-algebra/cholesky.js';
import { addOuterLower, addScaled, dot } from '../../linear-algebra/rank-one.js';
import type { LoggedRows, RewardModel } from '../contract.js';
import { linearDesign, meanReward, rowsByAction } from './features.js';
import type { LinearDesign } from './features.js';

const params = defineParams(
  z.object({
    lambda: z
      .number()
      .positive()
      .default(1)
      .describe('Penalty on the squared coefficients, intercept included.'),
    interactions: z
      .boolean()
      .default(true)
      .describe('Products of context and action: every action has its own coefficients.'),
    centre: z
      .boolean()
      .default(true)
      .describe(
        'Fit what is above the mean reward, so that an action without rows is expected to earn the mean.',
      ),
  }),
);

export interface RidgeParams {
  readonly lambda: number;
  readonly interactions: boolean;
  readonly centre: boolean;
}

/** Coefficients of every block of the design, one after the other. */
export function ridgeCoefficients(
  rows: LoggedRows,
  training: Uint32Array,
  rowWeight: Float64Array | undefined,
  { lambda, interactions }: RidgeParams,
  base: number,
): { design: LinearDesign; theta: Float64Array[] } {
  const design = linearDesign(rows, interactions);
  const n = design.width;
  const x = new Float64Array(n);
  const lists = interactions ? rowsByAction(rows, training) : [training];
  const theta = lists.map((list) => {
    const gram = new Float64Array(n * n);
    const moment = new Float64Array(n);
    for (let j = 0; j < n; j++) gram[j * n + j] = lambda;
    for (const i of list) {
      const v = rowWeight ? (rowWeight[i] as number) : 1;
      if (v === 0) continue;
      design.fill(i, rows.action[i] as number, x);
      addOuterLower(gram, n, x, v);
      addScaled(moment, x, v * ((rows.reward[i] as number) - base));
    }
    choleskyInPlace(gram, n);
    solveCholesky(gram, n, moment);
    return moment;
  });
  return { design, theta };
}

/** Least squares with a penalty, q = x' theta_a. */
export const ridge: RewardModel<RidgeParams> = {
  key: 'ridge',
  title: 'Ridge regression',
  summary: 'A linear function of the context for every action.',
  params,
  fit(rows, training, rowWeight, options) {
    const base = options.centre ? meanReward(rows, training, rowWeight) : 0;
    const { design, theta } = ridgeCoefficients(rows, training, rowWeight, options, base);
    const x = new Float64Array(design.width);
    return (row, into) => {
      for (let a = 0; a < into.length; a++) {
        if (a === 0 || !options.interactions) design.fill(row, a, x);
        into[a] = base + dot(x, theta[design.blockOf(a)] as Float64Array, design.width);
      }
    };
  },
};
