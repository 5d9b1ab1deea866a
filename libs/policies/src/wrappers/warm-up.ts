import { defineParams } from '#experiments';
import { z } from 'zod';
import { perSubjectField } from '../bandits/counting-params.js';
import {
  addDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from '../bandits/decayed-counts.js';
import type { DecayedCounts } from '../bandits/decayed-counts.js';
import { openTo, redistribute, restrictTo } from './distributions.js';
import type { Wrapper } from './contract.js';

const params = defineParams(
  z.object({
    decisions: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('Rewarded decisions that every action gets before the policy decides about it.'),
    perSubject: perSubjectField,
  }),
);
interface Params {
  readonly decisions: number;
  readonly perSubject: boolean;
}

const counting = ({ perSubject }: Params) => ({ perSubject, halfLifeDays: null });

/** While actions have fewer than so many rewarded decisions, those are served, each as often as the others. */
export const warmUp: Wrapper<Params, DecayedCounts> = {
  key: 'warm-up',
  title: 'Warm-up',
  summary: 'Serves new actions uniformly until each has been seen often enough; then the policy takes over.',
  reference: 'Auer, Cesa-Bianchi, Fischer (2002), Finite-time analysis of the multiarmed bandit problem',
  params,
  memory: {
    initial: () => emptyCounts,
    update: (state, batch, own) => addDecisions(state, batch, counting(own), () => 0),
    encode: encodeCounts,
    decode: decodeCounts,
  },
  wrap: (inner, state, own) =>
    redistribute(inner, (p, request) => {
      const open = openTo(inner, request);
      const cold = Uint8Array.from(request.actions, ({ id }, i) => {
        const { weight } = tallyOf(state, tallyKey(request.subject, id, own.perSubject), null);
        return Number(open[i] === 1 && weight < own.decisions);
      });
      return cold.includes(1) ? restrictTo(new Float64Array(p.length).fill(1), cold) : p;
    }),
};
