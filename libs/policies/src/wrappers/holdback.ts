import { bucket, defineParams } from '#experiments';
import { z } from 'zod';
import type { DecisionRequest } from '../contract.js';
import { openTo, redistribute, restrictTo } from './distributions.js';
import type { Wrapper } from './contract.js';

const schema = z.object({
  share: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('Share of units, or of decisions, that is held back.'),
  of: z
    .enum(['units', 'decisions'])
    .default('units')
    .describe('units: the same units for ever, so that a long-term difference can be seen.'),
  serve: z
    .enum(['uniform', 'first'])
    .default('uniform')
    .describe('What is served instead: any action alike, or the first candidate.'),
  salt: z
    .string()
    .min(1)
    .max(100)
    .default('holdback')
    .describe('Policies with the same salt hold back the same units.'),
});
type Params = z.output<typeof schema>;

function instead(request: DecisionRequest, open: Uint8Array, serve: Params['serve']): Float64Array {
  const only = serve === 'uniform' ? open : new Uint8Array(open.length);
  if (serve === 'first') only[open.indexOf(1)] = 1;
  return restrictTo(new Float64Array(request.actions.length).fill(1), only);
}

/**
 * Keeps a share away from the policy: a sample without the bandit, for its long-term worth, and uniform data for the
 * evaluation of others. Of units it is decided by hash, so a held-back unit's propensities are those of what it gets.
 */
export const holdback: Wrapper<Params> = {
  key: 'holdback',
  title: 'Holdback',
  summary:
    'A share of units or decisions gets a random or the first action instead of what the policy picks.',
  reference: 'Agarwal and others (2016), Making contextual decisions with low technical debt',
  params: defineParams(schema),
  wrap: (inner, _state, { of, salt, serve, share }) =>
    redistribute(inner, (p, request) => {
      const held = of === 'decisions' ? share : Number(bucket(salt, request.unitId) < share);
      if (held === 0) return p;
      const other = instead(request, openTo(inner, request), serve);
      return held === 1 ? other : p.map((one, i) => (1 - held) * one + held * (other[i] as number));
    }),
};
