import { defineParams } from '#experiments';
import { z } from 'zod';
import type { RewardModel } from '../contract.js';

const params = defineParams(
  z.object({
    prior: z
      .number()
      .min(0)
      .default(100)
      .describe('Rows of the overall mean that are added to every action, so that rare ones stay near it.'),
  }),
);

/** q = (sum v r + prior p0) / (sum v + prior) by action and stratum, p0 the weighted mean of all. */
export const tabular: RewardModel<{ prior: number }> = {
  key: 'tabular',
  title: 'Mean per action',
  summary: 'The mean reward of each action (in each stratum), drawn towards the mean of all.',
  params,
  fit(rows, training, rowWeight, { prior }) {
    const strata = rows.stratum?.count ?? 1;
    const of = rows.stratum?.of;
    const sums = new Float64Array(rows.actions * strata);
    const counts = new Float64Array(rows.actions * strata);
    let total = 0;
    let count = 0;
    for (const i of training) {
      const v = rowWeight ? (rowWeight[i] as number) : 1;
      const cell = (rows.action[i] as number) * strata + (of ? (of[i] as number) : 0);
      const weighted = v * (rows.reward[i] as number);
      sums[cell] = (sums[cell] as number) + weighted;
      counts[cell] = (counts[cell] as number) + v;
      total += weighted;
      count += v;
    }
    const overall = count > 0 ? total / count : 0;
    const q = sums.map((sum, cell) => {
      const weight = (counts[cell] as number) + prior;
      return weight > 0 ? (sum + prior * overall) / weight : overall;
    });
    return (row, into) => {
      const stratum = of ? (of[row] as number) : 0;
      for (let a = 0; a < into.length; a++) into[a] = q[a * strata + stratum] as number;
    };
  },
};
