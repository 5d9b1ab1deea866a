import { defineParams } from '#experiments';
import { z } from 'zod';
import { addDecisions, decodeCounts, emptyCounts, encodeCounts } from '../bandits/decayed-counts.js';
import type { DecayedCounts } from '../bandits/decayed-counts.js';
import { klUcbIndex } from '../bandits/indices.js';
import { redistribute } from './distributions.js';
import type { Wrapper } from './contract.js';

const schema = z.object({
  baseline: z.string().min(1).max(200).describe('Id of the action that the policy must not fall behind.'),
  alpha: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Share of the baseline reward that may be lost at any time.'),
  mean: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('Mean reward of the baseline where it is known; null: it is learned.'),
  ahead: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .describe('Decisions that may be served before the ledger knows of them.'),
  delta: z
    .number()
    .positive()
    .max(0.5)
    .default(0.05)
    .describe('Probability with which the promise may break.'),
});
type Params = z.output<typeof schema>;

const clip = (reward: number): number => Math.min(1, Math.max(0, reward));

/** The mean farthest from `mean`, on the given side, that so many decisions do not rule out: n kl(mean, q) <= budget. */
function bound(mean: number, n: number, budget: number, side: 'lower' | 'upper'): number {
  if (n === 0) return side === 'lower' ? 0 : 1;
  return side === 'upper' ? klUcbIndex(mean, n, budget) : 1 - klUcbIndex(1 - mean, n, budget);
}

interface Ledger {
  /** Reward that everything served so far is worth at least, less what was promised. */
  readonly saved: number;
  readonly promised: number;
  readonly lower: ReadonlyMap<string, number>;
}

function ledgerOf(state: DecayedCounts, { alpha, baseline, delta, mean }: Params): Ledger {
  const lower = new Map<string, number>();
  const arms = Math.max(2, state.tallies.size);
  let earned = 0;
  let decisions = 0;
  let base = mean;
  const of = state.tallies.get(baseline);
  if (base === null) {
    // What the baseline may be worth at most, so that the promise holds against any truth.
    const n = of?.weight ?? 0;
    base = bound(n === 0 ? 1 : (of as { sum: number }).sum / n, n, budgetOf(n, arms, delta), 'upper');
  }
  for (const [id, { sum, weight }] of state.tallies) {
    const low = bound(sum / weight, weight, budgetOf(weight, arms, delta), 'lower');
    // The baseline is worth what it is worth: its own rounds never break the promise.
    const worth = id === baseline ? base : low;
    lower.set(id, low);
    earned += weight * worth;
    decisions += weight;
  }
  const promise = (1 - alpha) * base;
  return { saved: earned - promise * decisions, promised: promise, lower };
}

/** Anytime-valid exploration budget n kl <= ln(K / delta) + 3 ln(1 + ln n). */
const budgetOf = (n: number, arms: number, delta: number): number =>
  Math.log(arms / delta) + 3 * Math.log(1 + Math.log(Math.max(1, n)));

/**
 * Never falls below (1 - alpha) of what the baseline would have earned, at any time, with probability 1 - delta. An action
 * is open only while the sum of lower bounds on everything served keeps the promise, even if all decisions in flight take it;
 * otherwise its probability goes to the baseline. Rewards are in [0, 1]; others are clipped.
 */
export const conservative: Wrapper<Params, DecayedCounts> = {
  key: 'conservative',
  title: 'Never far below the baseline',
  summary: 'Explores only what has been saved up: total reward never falls below a share of the baseline.',
  reference: 'Wu, Shariff, Lattimore, Szepesvari (2016), Conservative bandits',
  params: defineParams(schema),
  memory: {
    initial: () => emptyCounts,
    update: (state, batch) => addDecisions(state, batch, { perSubject: false, halfLifeDays: null }, clip),
    encode: encodeCounts,
    decode: decodeCounts,
  },
  wrap: (inner, state, own) => {
    const ledger = ledgerOf(state, own);
    return redistribute(inner, (p, request) => {
      const base = request.actions.findIndex(({ id }) => id === own.baseline);
      if (base < 0) return p;
      const kept = p.map((one, i) => {
        const worth = ledger.lower.get((request.actions[i] as { id: string }).id) ?? 0;
        return i === base || ledger.saved + own.ahead * (worth - ledger.promised) >= 0 ? one : 0;
      });
      kept[base] = (kept[base] as number) + 1 - kept.reduce((sum, one) => sum + one, 0);
      return kept;
    });
  },
};
