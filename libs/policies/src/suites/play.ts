import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import type { PlayerMaker } from './players.js';

/** Mean rewards per arm as of a round; the array may be reused. */
export interface BernoulliWorld {
  readonly arms: number;
  readonly rounds: number;
  means(round: number): Float64Array;
  /** Expected reward of the best arm in a round. */
  best(round: number): number;
}

export interface Estimate {
  readonly mean: number;
  readonly se: number;
  readonly runs: number;
}

/** When what happened is learned: after every `batch` rounds, or each `delay` rounds later. */
export interface Lag {
  readonly batch?: number;
  readonly delay?: number;
}

/** Mean and standard error of values of independent runs. */
export function estimate(values: readonly number[]): Estimate {
  const runs = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / runs;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, runs - 1);
  return { mean, se: Math.sqrt(variance / runs), runs };
}

/** A seeded run repeated. */
export function repeat(runs: number, seed: string, run: (rng: Rng) => number): Estimate {
  return estimate(Array.from({ length: runs }, (_, n) => run(createRng(`${seed} ${n}`))));
}

/** A fixed table of means. */
export function stationary(means: readonly number[], rounds: number): BernoulliWorld {
  const table = Float64Array.from(means);
  const best = Math.max(...means);
  return { arms: means.length, rounds, means: () => table, best: () => best };
}

/** The table of means is rolled by `places` every `period` rounds. */
export function rolling(
  means: readonly number[],
  period: number,
  places: number,
  rounds: number,
): BernoulliWorld {
  const arms = means.length;
  const best = Math.max(...means);
  const tables = Array.from({ length: Math.ceil(rounds / period) }, (_, phase) =>
    Float64Array.from(means, (_mean, i) => means[(((i - places * phase) % arms) + arms) % arms] as number),
  );
  return { arms, rounds, means: (t) => tables[Math.floor(t / period)] as Float64Array, best: () => best };
}

/** Arm i of `arms` has mean .5 + .3 sin(2 pi (t / 10,000 + i / arms)). */
export function sinusoidal(arms: number, rounds: number): BernoulliWorld {
  const table = new Float64Array(arms);
  const means = (t: number): Float64Array => {
    for (let i = 0; i < arms; i++) table[i] = 0.5 + 0.3 * Math.sin(2 * Math.PI * (t / 10_000 + i / arms));
    return table;
  };
  return { arms, rounds, means, best: (t) => means(t).reduce((most, mean) => Math.max(most, mean)) };
}

/** Cumulated pseudo-regret of one run: sum of best mean less the mean of what was played. */
export function playBernoulli(world: BernoulliWorld, make: PlayerMaker, rng: Rng, lag: Lag = {}): number {
  const player = make(world.arms, rng.fork('player'));
  const coins = rng.fork('world');
  const batch = lag.batch ?? 1;
  const delay = lag.delay ?? 0;
  const arms = new Int32Array(world.rounds);
  const rewards = new Uint8Array(world.rounds);
  let regret = 0;
  let learned = 0;
  for (let t = 0; t < world.rounds; t++) {
    if (t % batch === 0) {
      for (; learned < t - delay; learned++)
        player.learn(arms[learned] as number, rewards[learned] as number);
      player.refresh?.();
    }
    const means = world.means(t);
    const arm = player.pick();
    const mean = means[arm] as number;
    arms[t] = arm;
    rewards[t] = coins.uniform() < mean ? 1 : 0;
    regret += world.best(t) - mean;
  }
  return regret;
}
