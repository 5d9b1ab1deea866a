import { z } from 'zod';
import { gammaBelief } from '../sampling/beliefs.js';
import { probabilityBestGamma } from '../sampling/gamma-best.js';
import { countedPolicy, fadingMemory } from './counted-policy.js';
import type { Evidence } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';

const schema = z.object({
  priorShape: z
    .number()
    .min(0.1)
    .max(1e9)
    .default(1)
    .describe('Shape of the Gamma prior: events of every action in advance.'),
  priorRate: z
    .number()
    .min(1e-6)
    .max(1e9)
    .default(1)
    .describe('Rate of the Gamma prior: decisions in which those events happened.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
});

/** Gamma posteriors of Poisson rates: shape + events, rate + decisions. */
export function gammaPosterior(
  { weight, sum }: Evidence,
  prior: { readonly priorShape: number; readonly priorRate: number },
): { shape: Float64Array; rate: Float64Array } {
  return {
    shape: sum.map((s) => prior.priorShape + s),
    rate: weight.map((n) => prior.priorRate + n),
  };
}

/** Thompson sampling of counts, e.g. episodes begun per decision. Negative rewards count as 0. */
export const thompsonPoisson = countedPolicy({
  key: 'thompson-poisson',
  title: 'Thompson sampling (counts)',
  summary:
    'Plays each action as often as its rate is likely to be the highest. For counts, such as episodes begun; negative rewards count as 0.',
  reference: 'Gelman et al. (2013), Bayesian Data Analysis, section 2.6; Thompson (1933)',
  schema,
  memory: fadingMemory,
  valueOf: (reward) => Math.max(0, reward),
  leastReward: 0,
  play: (evidence, params) => {
    const { shape, rate } = gammaPosterior(evidence, params);
    return {
      distribution: probabilityBestGamma(shape, rate),
      scores: shape.map((s, i) => s / (rate[i] as number)),
    };
  },
  beliefs: (evidence, params) => {
    const { shape, rate } = gammaPosterior(evidence, params);
    return Array.from(shape, (s, i) => gammaBelief(s, rate[i] as number));
  },
});
