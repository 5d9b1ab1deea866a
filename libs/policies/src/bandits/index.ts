import type { Policy } from '../contract.js';
import { cascadeKlUcb } from './cascade-kl-ucb.js';
import { cascadeThompson } from './cascade-thompson.js';
import { cascadeUcb } from './cascade-ucb.js';
import { changeDetectingThompson } from './change-detecting-thompson.js';
import { epsilonGreedy } from './epsilon-greedy.js';
import { exp3 } from './exp3.js';
import { fixedOrder } from './fixed-order.js';
import { klUcb } from './kl-ucb.js';
import { hierarchicalLogistic } from './hierarchical-logistic.js';
import { linearThompson } from './linear-thompson.js';
import { mostPopular } from './most-popular.js';
import { notifications } from './notifications.js';
import { positionBased } from './position-based.js';
import { rankedBandit } from './ranked-bandit.js';
import { slidingThompson } from './sliding-thompson.js';
import { slidingUcb } from './sliding-ucb.js';
import { thompsonBeta } from './thompson-beta.js';
import { thompsonNormal } from './thompson-normal.js';
import { thompsonPoisson } from './thompson-poisson.js';
import { topTwoThompson } from './top-two-thompson.js';
import { ucb1 } from './ucb1.js';
import { neuralLinear } from './neural-linear.js';
import { treeSegmented } from './tree-segmented.js';
import { uniformRandom } from './uniform-random.js';
import { bootstrap } from './bootstrap.js';
import { linUcb } from './lin-ucb.js';
import { logisticThompson } from './logistic-thompson.js';
import { ridgeEpsilonGreedy } from './ridge-epsilon-greedy.js';
import { squareCb } from './square-cb.js';

/** Policies that learn online or not at all. Adding one is one file and one entry here. */
export const bandits: readonly Policy[] = [
  uniformRandom as Policy,
  fixedOrder as Policy,
  mostPopular as Policy,
  epsilonGreedy as Policy,
  thompsonBeta as Policy,
  thompsonNormal as Policy,
  thompsonPoisson as Policy,
  topTwoThompson as Policy,
  ucb1 as Policy,
  klUcb as Policy,
  exp3 as Policy,
  slidingThompson as Policy,
  slidingUcb as Policy,
  changeDetectingThompson as Policy,
  cascadeUcb as Policy,
  cascadeKlUcb as Policy,
  cascadeThompson as Policy,
  positionBased as Policy,
  rankedBandit as Policy,
  linearThompson as Policy,
  logisticThompson as Policy,
  linUcb as Policy,
  squareCb as Policy,
  ridgeEpsilonGreedy as Policy,
  bootstrap as Policy,
  hierarchicalLogistic as Policy,
  neuralLinear as Policy,
  treeSegmented as Policy,
  notifications as Policy,
];
