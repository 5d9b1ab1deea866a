import type { Policy } from '../contract.js';
import { fixedOrder } from './fixed-order.js';
import { uniformRandom } from './uniform-random.js';

/** Policies that learn online or not at all. Adding one is one file and one entry here. */
export const bandits: readonly Policy[] = [uniformRandom as Policy, fixedOrder as Policy];
