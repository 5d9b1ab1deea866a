import { defineParams } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { stateNumber, stateObject } from '../codec.js';
import type { RewardedDecision } from '../contract.js';
import type { Wrapper } from './contract.js';

const schema = z.object({
  signal: z.string().min(1).max(100).describe('Signal of the reward definition that must stay small.'),
  most: z.number().min(-1e9).max(1e9).describe('Its mean per decision must not be above this.'),
  step: z
    .number()
    .positive()
    .max(1000)
    .default(0.01)
    .describe('How fast its price follows: added per decision and unit of excess.'),
  dearest: z.number().positive().max(1e9).default(10).describe('Highest price of one unit of the signal.'),
});
type Params = z.output<typeof schema>;

interface Price {
  /** What one unit of the signal costs the policy, in units of the reward; >= 0. */
  readonly price: number;
}

const costOf = ({ signals }: RewardedDecision, name: string): number => signals?.[name] ?? 0;

/**
 * Most reward under a limit on the mean of another signal, by a dual step: the policy learns from reward - price * signal, and
 * after each decision price <- [price + step (signal - most)]_+. The price rises while the limit is broken and falls to
 * nothing while there is room.
 */
export const constrained: Wrapper<Params, Price> = {
  key: 'constrained',
  title: 'Limit on a guardrail signal',
  summary: 'Learns the most reward that keeps the mean of another signal, a cost, below a limit.',
  reference: 'Badanidiyuru, Kleinberg, Slivkins (2013), Bandits with knapsacks; Agrawal and Devanur (2014)',
  params: defineParams(schema),
  signals: ({ signal }) => [{ name: signal, pointer: '/signal' }],
  memory: {
    initial: () => ({ price: 0 }),
    update: ({ price }, batch, { dearest, most, signal, step }) => {
      let next = price;
      for (const one of batch)
        next = Math.min(dearest, Math.max(0, next + step * (costOf(one, signal) - most)));
      return { price: next };
    },
    encode: ({ price }): Json => ({ price }),
    decode: (json) => ({ price: stateNumber(stateObject(json)['price'], 'price') }),
  },
  reward: (decision, { price }, { most, signal }) =>
    decision.reward - price * (costOf(decision, signal) - most),
};
