import { z } from 'zod';
import { meansOf, mixUniform, total } from './counted-policy.js';
import type { Evidence, Play } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';

/** Parameters of every index policy. */
export const indexFields = {
  epsilon: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      'Share of decisions taken uniformly at random. Without it the log cannot judge any other policy; 0 is for simulations.',
    ),
  planAhead: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe(
      'Decisions that one snapshot serves, about: the actions share them as the index would, each earning its mean. 1 puts all of them on one action.',
    ),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
};

/** Upper confidence bound of a mean, after `n` > 0 decisions, when `logTime` = ln(decisions of all actions). */
export type Index = (mean: number, n: number, logTime: number) => number;

/** Chunks in which planned decisions are handed out: what the shares are rounded to. */
const CHUNKS = 200;

/**
 * An index policy puts every decision of a snapshot on one action, so that in batches of a thousand it overshoots
 * badly. Here the coming decisions are handed out one after the other, as if each earned the mean of its action
 * (Desautels, Krause, Burdick 2014, "hallucinated" feedback); the shares are the probabilities. Ties share.
 * @param planAhead decisions to hand out; 1 is the plain index policy.
 * @returns one probability per action, sum 1.
 */
export function plannedShares(evidence: Evidence, planAhead: number, index: Index): Float64Array {
  const count = evidence.weight.length;
  const means = meansOf(evidence, 0.5);
  const logTime = Math.log(
    Math.max(1, total(evidence.weight)) + planAhead - (total(evidence.weight) > 0 ? 0 : 1),
  );
  const n = Float64Array.from(evidence.weight);
  const indexOf = (i: number): number =>
    (n[i] as number) > 0 ? index(means[i] as number, n[i] as number, logTime) : Infinity;
  const indices = Float64Array.from(means, (_mean, i) => indexOf(i));
  const shares = new Float64Array(count);
  const steps = Math.min(planAhead, CHUNKS);
  for (let step = 0; step < steps; step++) {
    const best = indices.reduce((most, value) => Math.max(most, value), -Infinity);
    const tied = indices.reduce((ties, value) => ties + (value === best ? 1 : 0), 0);
    for (let i = 0; i < count; i++) {
      if (indices[i] !== best) continue;
      shares[i] = (shares[i] as number) + 1 / (tied * steps);
      n[i] = (n[i] as number) + planAhead / (tied * steps);
      indices[i] = indexOf(i);
    }
  }
  return shares;
}

/** The planned shares with a uniform part. */
export function playIndex(
  evidence: Evidence,
  params: { readonly epsilon: number; readonly planAhead: number },
  index: Index,
): Play {
  const shares = plannedShares(evidence, params.planAhead, index);
  return { distribution: mixUniform(shares, params.epsilon), scores: meansOf(evidence, 0) };
}
