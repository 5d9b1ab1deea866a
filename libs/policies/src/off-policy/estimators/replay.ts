import { defineParams } from '#experiments';
import { z } from 'zod';
import { mulberry32 } from '../bootstrap.js';
import { column, ratioTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { largestOf } from '../weights.js';

const params = defineParams(
  z.object({ seed: z.number().int().min(0).default(20240601).describe('Of the draws that accept rows.') }),
);

/** Keeps a row with probability w / max w; the mean reward of the rows kept. */
export const replay: OffPolicyEstimator<{ seed: number }> = {
  key: 'replay',
  title: 'Replay',
  summary:
    'Keeps the rows that the candidate would have produced itself and averages their rewards. Simple, and it throws most rows away.',
  reference: 'Li, Chu, Langford and Wang (2011), Unbiased offline evaluation of contextual-bandit algorithms',
  params,
  estimate: (evidence, { seed }) => {
    const next = mulberry32(seed);
    const largest = largestOf(evidence.weight);
    const kept = column(evidence, (i) => (next() * largest < (evidence.weight[i] as number) ? 1 : 0));
    const rewards = column(evidence, (i) => (kept[i] as number) * (evidence.rows.reward[i] as number));
    const rows = kept.reduce((sum, value) => sum + value, 0);
    return ratioTerms(rewards, kept, { rows, acceptance: rows / evidence.n });
  },
};
