import { fading, sliding } from './evidence.js';
import { klUcbIndex, ucb1Index } from '../bandits/indices.js';
import { playBernoulli, repeat, rolling, sinusoidal, stationary } from './play.js';
import type { BernoulliWorld, Lag } from './play.js';
import {
  changeDetectingPlayer,
  epsilonGreedyPlayer,
  indexPlayer,
  klUcbBounds,
  plannedIndexPlayer,
  thompsonBetaPlayer,
  topTwoPlayer,
  ucb1Bounds,
} from './players.js';
import type { PlayerMaker } from './players.js';
import type { SuiteEntry } from './suite.js';

const CF1 = stationary([0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01], 20_000);
const CF2 = stationary([0.12, 0.115, 0.11, 0.105, 0.1], 50_000);
const NS1 = rolling([0.3, 0.2, 0.15, 0.1, 0.05], 4_000, 2, 20_000);
const NS2 = sinusoidal(5, 20_000);

type Row = readonly [
  policy: string,
  setting: string,
  player: PlayerMaker,
  reference: readonly [mean: number, se: number | null] | null,
  lag?: Lag,
];

function entries(suite: string, world: BernoulliWorld, runs: number, rows: readonly Row[]): SuiteEntry[] {
  return rows.map(([policy, setting, player, reference, lag = {}]) => ({
    suite,
    policy,
    setting,
    measure: 'regret',
    runs,
    reference: reference && { mean: reference[0], se: reference[1] },
    play: (count) =>
      repeat(count, `${suite} ${policy} ${setting}`, (rng) => playBernoulli(world, player, rng, lag)),
  }));
}

const ts = thompsonBetaPlayer();
/** Begins with half a reward for every action, so that one early reward does not decide. */
const hopeful = epsilonGreedyPlayer(0.1, null, 0.5, 2);
const forgetting = (factor: number): PlayerMaker => thompsonBetaPlayer((arms) => fading(arms, factor));
const recent = (rounds: number): PlayerMaker => thompsonBetaPlayer((arms) => sliding(arms, rounds));
const swUcb = indexPlayer(ucb1Bounds(0.5), (arms) => sliding(arms, 2000));
const ucb = (c: number): PlayerMaker => indexPlayer(ucb1Bounds(c));
const plannedKl = (batch: number): PlayerMaker => plannedIndexPlayer((m, n, t) => klUcbIndex(m, n, t), batch);
const plannedUcb = (batch: number): PlayerMaker =>
  plannedIndexPlayer((m, n, t) => ucb1Index(m, n, t, 2), batch);

const cf1 = entries('cf1', CF1, 400, [
  ['thompson-beta', '', ts, [90.4, 0.7]],
  ['kl-ucb', '', indexPlayer(klUcbBounds), [131.3, 0.9]],
  ['epsilon-greedy', 'decay 20', epsilonGreedyPlayer(0, 20), [123.6, 13.4]],
  ['epsilon-greedy', 'epsilon .1, prior .5', hopeful, [170.7, 4.3]],
  ['ucb1', 'c .5', ucb(0.5), [393.4, 1.5]],
  ['ucb1', 'c 2', ucb(2), [843.1, 1.5]],
]);
const cf1TopTwo = entries('cf1', CF1, 100, [
  ['top-two-thompson', 'plays the winner', topTwoPlayer(0.05), [146.8, 1.1], { batch: 20 }],
]);
const cf2 = entries('cf2', CF2, 200, [
  ['thompson-beta', '', ts, [164.2, 4.5]],
  ['epsilon-greedy', 'epsilon .1, prior .5', hopeful, [165.7, 9.4]],
  ['kl-ucb', '', indexPlayer(klUcbBounds), [232.3, 3.6]],
  ['epsilon-greedy', 'decay 20', epsilonGreedyPlayer(0, 20), [261.8, 18.2]],
  ['ucb1', 'c .5', ucb(0.5), [305.7, 2.7]],
  ['ucb1', 'c 2', ucb(2), [396.3, 1.6]],
]);
const cf2TopTwo = entries('cf2', CF2, 100, [
  ['top-two-thompson', 'plays the winner', topTwoPlayer(0.05), [230.3, 3.6], { batch: 50 }],
]);
const ns1 = entries('ns1 abrupt', NS1, 200, [
  ['ucb1', 'c .5', ucb(0.5), [572, 15]],
  ['sliding-ucb', '2,000 rounds', swUcb, [620, 3]],
  ['thompson-beta', 'fading .9995', forgetting(0.9995), [705, 5]],
  ['sliding-thompson', '2,000 rounds', recent(2000), [709, 7]],
  ['thompson-beta', 'fading .998', forgetting(0.998), [788, 3]],
  ['sliding-thompson', '500 rounds', recent(500), [756, 3]],
  ['thompson-beta', 'fading .99', forgetting(0.99), [1560, 3]],
  ['epsilon-greedy', 'epsilon .1, prior .5', hopeful, [2345, 14]],
  ['thompson-beta', '', ts, [1797, 15]],
  ['change-detecting-thompson', '', changeDetectingPlayer(0.001, 0.05), null],
]);
const ns2 = entries('ns2 sinusoidal', NS2, 200, [
  ['sliding-ucb', '2,000 rounds', swUcb, [462, 3]],
  ['sliding-thompson', '500 rounds', recent(500), [575, 3]],
  ['thompson-beta', 'fading .998', forgetting(0.998), [666, 3]],
  ['thompson-beta', 'fading .9995', forgetting(0.9995), [998, 9]],
  ['thompson-beta', '', ts, [2980, 27]],
  ['epsilon-greedy', 'epsilon .1, prior .5', hopeful, [4387, 35]],
  ['change-detecting-thompson', '', changeDetectingPlayer(0.001, 0.05), null],
]);
/**
 * The reference of UCB1 in batches of 5,000 puts each batch on one arm: after a uniform first batch all are equally well
 * known, so that the second goes to the best mean. That luck of the instance is what `planAhead` 1 does, which is compared with
 * it; the plan does what UCB1 would, step by step, and loses what it loses without batches (843).
 */
const batches = entries('cf1 in batches', CF1, 200, [
  ['thompson-beta', 'batch 100', ts, [91, null], { batch: 100 }],
  ['thompson-beta', 'batch 1,000', ts, [111, null], { batch: 1000 }],
  ['thompson-beta', 'batch 5,000', ts, [340, null], { batch: 5000 }],
  ['kl-ucb', 'batch 100', plannedKl(100), [172, null], { batch: 100 }],
  ['kl-ucb', 'batch 1,000', plannedKl(1000), [550, null], { batch: 1000 }],
  ['kl-ucb', 'batch 5,000', plannedKl(5000), [474, null], { batch: 5000 }],
  ['ucb1', 'c 2, batch 100', plannedUcb(100), [861, null], { batch: 100 }],
  ['ucb1', 'c 2, batch 1,000', plannedUcb(1000), [932, null], { batch: 1000 }],
  ['ucb1', 'c 2, batch 5,000', plannedUcb(5000), null, { batch: 5000 }],
  ['ucb1', 'c 2, plan 1, batch 5,000', plannedUcb(1), [831, null], { batch: 5000 }],
]);
const delays = entries('cf1 delayed', CF1, 200, [
  ['thompson-beta', 'delay 100', ts, [93, null], { delay: 100 }],
  ['thompson-beta', 'delay 1,000', ts, [126, null], { delay: 1000 }],
  ['thompson-beta', 'delay 5,000', ts, [400, null], { delay: 5000 }],
  ['ucb1', 'c 2, delay 1,000', plannedUcb(1000), [945, null], { delay: 1000, batch: 50 }],
]);

/** Bernoulli arms: fixed, close, changing, learned in batches and late. */
export const stochasticSuites: readonly SuiteEntry[] = [
  ...cf1,
  ...cf1TopTwo,
  ...cf2,
  ...cf2TopTwo,
  ...ns1,
  ...ns2,
  ...batches,
  ...delays,
];
