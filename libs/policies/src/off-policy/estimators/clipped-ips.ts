import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { clippedMass, rewardSpan } from '../weights.js';

const params = defineParams(
  z.object({ limit: z.number().positive().default(10).describe('Weights above this count as this.') }),
);

/** mean(min(w, L) r). */
export const clippedIps: OffPolicyEstimator<{ limit: number }> = {
  key: 'ips-clipped',
  title: 'Clipped IPS',
  summary:
    'IPS with a cap on the weights. Steadier, but too low by up to the clipped mass times the largest reward: never read it without that share.',
  reference: 'Ionides (2008), Truncated importance sampling',
  params,
  estimate: (evidence, { limit }) =>
    meanTerms(
      column(
        evidence,
        (i) => Math.min(evidence.weight[i] as number, limit) * (evidence.rows.reward[i] as number),
      ),
      {
        range: (bounds) => limit * rewardSpan(bounds),
        details: { limit, clippedMass: clippedMass(evidence.weight, limit) },
      },
    ),
};
