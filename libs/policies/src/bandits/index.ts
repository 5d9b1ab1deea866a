import type { Policy } from '../contract.js';
import { epsilonGreedy } from './epsilon-greedy.js';
import { fixedOrder } from './fixed-order.js';
import { linearThompson } from './linear-thompson.js';
import { mostPopular } from './most-popular.js';
import { thompsonBeta } from './thompson-beta.js';
import { uniformRandom } from './uniform-random.js';

/** Policies that learn online or not at all. Adding one is one file and one entry here. */
export const bandits: readonly Policy[] = [
  uniformRandom as Policy,
  fixedOrder as Policy,
  mostPopular as Policy,
  epsilonGreedy as Policy,
  thompsonBeta as Policy,
  linearThompson as Policy,
];
