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
import type { DecisionRequest } from '../contract.js';
import { among, openTo, withoutSlots } from './distributions.js';
import type { Wrapper } from './contract.js';

const schema = z.object({
  signal: z
    .string()
    .min(1)
    .max(100)
    .describe('What the policy learns among equals, as a signal of the reward.'),
  band: z
    .number()
    .min(0)
    .max(1e9)
    .default(0.01)
    .describe('Actions whose mean reward is this close to the best count as equals.'),
  deviations: z
    .number()
    .min(0)
    .max(10)
    .default(2)
    .describe('Standard errors by which an action may look worse and still count as equal.'),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

/** Rewards and their squares, each counted as often as decided. */
interface Means {
  readonly rewards: DecayedCounts;
  readonly squares: DecayedCounts;
}

const counting = ({ perSubject }: Params) => ({ perSubject, halfLifeDays: null });

function meanOf(state: Means, key: string): { readonly mean: number; readonly error: number } {
  const { sum, weight } = tallyOf(state.rewards, key, null);
  if (weight < 2) return { mean: 0, error: Infinity };
  const mean = sum / weight;
  const variance = Math.max(0, tallyOf(state.squares, key, null).sum / weight - mean * mean);
  // One success and one failure more, so that a constant start is not taken for certainty.
  return { mean, error: Math.sqrt((variance + 1 / weight) / weight) };
}

/** The open actions whose reward may be within the band of what the best one is worth at least. */
function equalsOf(state: Means, own: Params, request: DecisionRequest, open: Uint8Array): Uint8Array {
  const means = request.actions.map(({ id }) => meanOf(state, tallyKey(request.subject, id, own.perSubject)));
  const best = means.reduce(
    (most, { mean, error }, i) =>
      open[i] === 1 && error < Infinity ? Math.max(most, mean - own.deviations * error) : most,
    -Infinity,
  );
  return Uint8Array.from(means, ({ mean, error }, i) =>
    Number(open[i] === 1 && !(mean + own.deviations * error < best - own.band)),
  );
}

/**
 * First things first: the reward decides, and among actions whose reward is as good as the best one's the policy, which
 * learns another signal, is free.
 */
export const lexicographic: Wrapper<Params, Means> = {
  key: 'lexicographic',
  title: 'First objective first',
  summary: 'Among the actions whose reward is as good as the best, the policy maximises a second signal.',
  reference:
    'Tekin and Turgay (2018), Multi-objective contextual multi-armed bandit with a dominant objective',
  params: defineParams(schema),
  signals: ({ signal }) => [{ name: signal, pointer: '/signal' }],
  memory: {
    initial: () => ({ rewards: emptyCounts, squares: emptyCounts }),
    update: ({ rewards, squares }, batch, own) => ({
      rewards: addDecisions(rewards, batch, counting(own), (reward) => reward),
      squares: addDecisions(squares, batch, counting(own), (reward) => reward * reward),
    }),
    encode: ({ rewards, squares }) => ({ rewards: encodeCounts(rewards), squares: encodeCounts(squares) }),
    decode: (json) => {
      const { rewards, squares } = json as { rewards?: never; squares?: never };
      return { rewards: decodeCounts(rewards ?? null), squares: decodeCounts(squares ?? null) };
    },
  },
  reward: (decision, _state, { signal }) => decision.signals?.[signal] ?? 0,
  wrap: (inner, state, own) => ({
    ...withoutSlots(inner),
    distribution: (request) => among(inner, request, equalsOf(state, own, request, openTo(inner, request))),
  }),
};
