import { z } from 'zod';
import { fromSums, fromSummary } from '../moments.js';
import type { Moments } from '../contract.js';

/** Input forms of reference cases (snake case, as in the files). */
export const alternative = z.enum(['two-sided', 'greater', 'less']).default('two-sided');
export type Alternative = z.output<typeof alternative>;

export const meanArm = z.object({
  n: z.number(),
  mean: z.number().nullable(),
  variance: z.number().nullable(),
});
export const countArm = z.object({ n: z.number(), successes: z.number() });
export const ratioArm = z.object({
  n: z.number(),
  num_sum: z.number(),
  num_sum_squares: z.number(),
  den_sum: z.number(),
  den_sum_squares: z.number(),
  num_den_sum: z.number(),
});
export const cupedArm = z.object({
  n: z.number(),
  post_sum: z.number(),
  post_sum_squares: z.number(),
  pre_sum: z.number(),
  pre_sum_squares: z.number(),
  post_pre_sum: z.number(),
});

export const twoArms = <T extends z.ZodType>(arm: T) =>
  z.object({
    control: arm,
    treatment: arm,
    alpha: z.number().default(0.05),
    alternative,
    null_value: z.number().default(0),
  });

export function meanMoments(arm: z.output<typeof meanArm>): Moments {
  return fromSummary(arm.n, arm.mean ?? 0, arm.variance ?? 0);
}

/** Proportions by convention of the files: variance p(1 - p), so the sum of squares is scaled by (n - 1) / n. */
export function countMoments({ n, successes }: z.output<typeof countArm>): Moments {
  if (n < 1) return fromSummary(0, 0, 0);
  const p = successes / n;
  return { n, mean: [p, 1, 0], comoment: [p * (1 - p) * (n - 1), 0, 0, 0, 0, 0], nonZero: successes };
}

export function ratioMoments(arm: z.output<typeof ratioArm>): Moments {
  return fromSums({
    n: arm.n,
    sum: arm.num_sum,
    sumSquares: arm.num_sum_squares,
    denominator: { sum: arm.den_sum, sumSquares: arm.den_sum_squares, crossSum: arm.num_den_sum },
  });
}

export function cupedMoments(arm: z.output<typeof cupedArm>): Moments {
  return fromSums({
    n: arm.n,
    sum: arm.post_sum,
    sumSquares: arm.post_sum_squares,
    covariate: { sum: arm.pre_sum, sumSquares: arm.pre_sum_squares, crossSum: arm.post_pre_sum },
  });
}
