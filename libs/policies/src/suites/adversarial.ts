import { exp3Distribution } from '../bandits/exp3.js';
import { sampleIndex } from '../envelope.js';
import type { BernoulliWorld } from './play.js';
import type { PlayerMaker } from './players.js';

/** EXP3 as it is served after every decision, without a uniform part. */
export const exp3Player: PlayerMaker = (arms, rng) => {
  const losses = new Float64Array(arms);
  let law = exp3Distribution(losses, 0, 1);
  let decisions = 0;
  return {
    pick: () => sampleIndex(law, rng),
    learn: (arm, reward) => {
      losses[arm] = (losses[arm] as number) + (1 - reward) / Math.max(1e-6, law[arm] as number);
      law = exp3Distribution(losses, ++decisions, 1);
    },
  };
};

/**
 * The means change at the given share of the rounds, chosen by an adversary. Regret is against the arm that is best over
 * all rounds, which is what EXP3 has a bound for.
 */
export function switching(
  before: readonly number[],
  after: readonly number[],
  share: number,
  rounds: number,
): BernoulliWorld {
  const change = Math.floor(share * rounds);
  const tables = [Float64Array.from(before), Float64Array.from(after)] as const;
  const means = (t: number): Float64Array => tables[t < change ? 0 : 1];
  const total = before.map((mean, i) => mean * change + (after[i] as number) * (rounds - change));
  const best = total.indexOf(Math.max(...total));
  return { arms: before.length, rounds, means, best: (t) => means(t)[best] as number };
}

/** Bubeck and Cesa-Bianchi (2012), theorem 3.1: pseudo-regret of EXP3 with eta_t = sqrt(ln K / (K t)). */
export const exp3Bound = (arms: number, rounds: number): number =>
  2 * Math.sqrt(rounds * arms * Math.log(arms));
