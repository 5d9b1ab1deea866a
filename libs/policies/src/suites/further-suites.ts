import type { Rng } from '#experiments';
import { exp3Bound, exp3Player, switching } from './adversarial.js';
import { playCounts, poissonLaiRobbins } from './counts.js';
import { cascadeLearner, playPlaced, rankedLearner } from './placed-appeal.js';
import type { PlacedAppeal } from './placed-appeal.js';
import { playBernoulli, repeat, stationary } from './play.js';
import type { BernoulliWorld } from './play.js';
import { thompsonBetaPlayer } from './players.js';
import type { PlayerMaker } from './players.js';
import { thompsonFill } from './slates.js';
import type { SuiteEntry } from './suite.js';

/** @param most what theory says that is lost at most, in expectation; null: reported alone. */
function entry(
  suite: string,
  policy: string,
  setting: string,
  most: number | null,
  runs: number,
  run: (rng: Rng) => number,
): SuiteEntry {
  return {
    suite,
    policy,
    setting,
    measure: 'regret',
    runs,
    reference: most === null ? null : { mean: most, se: 0 },
    play: (count) => repeat(count, `${suite} ${policy} ${setting}`, run),
  };
}

const played =
  (world: BernoulliWorld, player: PlayerMaker) =>
  (rng: Rng): number =>
    playBernoulli(world, player, rng);

const ROUNDS = 20_000;
/**
 * The second arm earns nothing for three tenths of the time and then always. By then Thompson sampling is so sure of the
 * first that it seldom looks any more, in some runs never again. Below 0: more was earned than by the second arm alone.
 */
const LONG = 50_000;
const SWITCH = switching([0.5, 0], [0.5, 1], 0.3, LONG);
const FIXED = stationary([0.6, 0.5, 0.5, 0.5, 0.5], ROUNDS);

const adversarial = [
  entry('adversarial switch', 'exp3', 'bound of theory', exp3Bound(2, LONG), 100, played(SWITCH, exp3Player)),
  entry('adversarial switch', 'thompson-beta', '', null, 100, played(SWITCH, thompsonBetaPlayer())),
  entry('fixed arms', 'exp3', 'bound of theory', exp3Bound(5, ROUNDS), 100, played(FIXED, exp3Player)),
  entry('fixed arms', 'thompson-beta', '', null, 100, played(FIXED, thompsonBetaPlayer())),
];

const RATES = [1, 0.8, 0.7, 0.6, 0.5];
const counts = [
  entry(
    'counts',
    'thompson-poisson',
    'bound of Lai and Robbins',
    poissonLaiRobbins(RATES) * Math.log(ROUNDS),
    100,
    (rng) => playCounts(RATES, ROUNDS, rng),
  ),
];

/** Item 1 appeals in the second place alone; one rate per item cannot say so. */
const PLACED: PlacedAppeal = [
  [0.5, 0.4, 0.3],
  [0.2, 0.6, 0.2],
  [0.3, 0.3, 0.3],
  [0.2, 0.1, 0.4],
  [0.1, 0.1, 0.1],
  [0.1, 0.1, 0.1],
];
const placed = [
  entry('appeal by place', 'ranked-bandit', '', null, 20, (rng) =>
    playPlaced(PLACED, 3, ROUNDS, rankedLearner(PLACED.length, 3), rng),
  ),
  entry('appeal by place', 'cascade-thompson', '', null, 20, (rng) =>
    playPlaced(PLACED, 3, ROUNDS, cascadeLearner(PLACED.length, thompsonFill(PLACED.length)), rng),
  ),
];

/** Rewards that an adversary changes, counts, and items whose appeal depends on their place. */
export const furtherSuites: readonly SuiteEntry[] = [...adversarial, ...counts, ...placed];
