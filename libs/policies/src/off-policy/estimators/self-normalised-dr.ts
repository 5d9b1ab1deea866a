import { defineParams } from '#experiments';
import { z } from 'zod';
import { column } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';

/** mean(qe) + mean(w (r - q)) / mean(w). */
export const selfNormalisedDr: OffPolicyEstimator<Record<string, never>> = {
  key: 'sndr',
  title: 'Self-normalised doubly robust',
  summary: 'Doubly robust with the correction divided by the mean weight, as SNIPS does with IPS.',
  reference: 'Thomas and Brunskill (2016), Data-efficient off-policy policy evaluation',
  params: defineParams(z.object({})),
  estimate: (evidence) => {
    const { predicted, expected } = evidence.model();
    const errors = column(
      evidence,
      (i) =>
        (evidence.weight[i] as number) * ((evidence.rows.reward[i] as number) - (predicted[i] as number)),
    );
    return {
      columns: [expected, errors, evidence.weight],
      value: (means) => (means[0] as number) + (means[1] as number) / (means[2] as number),
      slope: (means) => {
        const down = means[2] as number;
        return Float64Array.of(1, 1 / down, -(means[1] as number) / (down * down));
      },
      uncertainty: 'sampling',
    };
  },
};
