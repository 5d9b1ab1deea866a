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
import { openTo, redistribute } from './distributions.js';
import type { Wrapper } from './contract.js';

const params = defineParams(
  z.object({
    decisions: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('Rewarded decisions that every action gets before the policy decides about it.'),
    share: z
      .number()
      .positive()
      .max(1)
      .default(0.2)
      .describe('Share of the decisions that new actions get together; their even share where that is more.'),
    perSubject: perSubjectField,
  }),
);
interface Params {
  readonly decisions: number;
  readonly share: number;
  readonly perSubject: boolean;
}

const counting = ({ perSubject }: Params) => ({ perSubject, halfLifeDays: null });

/**
 * While actions have fewer than so many rewarded decisions, a share of the decisions is spread over those evenly. The policy
 * decides the others, so that one new action does not take everything from what is known while its rewards are under way.
 */
export const warmUp: Wrapper<Params, DecayedCounts> = {
  key: 'warm-up',
  title: 'Warm-up',
  summary: 'Gives new actions a share of the decisions until each has been seen often enough.',
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
      const count = (mask: Uint8Array): number => mask.reduce((sum, one) => sum + one, 0);
      const news = count(cold);
      if (news === 0) return p;
      const share = Math.max(own.share, news / count(open));
      return p.map((one, i) => (1 - share) * one + (share * (cold[i] as number)) / news);
    }),
};
