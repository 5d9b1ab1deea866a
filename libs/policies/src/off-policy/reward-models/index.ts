import { createRegistry } from '#experiments';
import type { Registry } from '#experiments';
import type { RewardModel } from '../contract.js';
import { logistic } from './logistic.js';
import { ridge } from './ridge.js';
import { tabular } from './tabular.js';

/** Adding a reward model is one file and one entry here. */
export const rewardModelRegistry: Registry<RewardModel> = createRegistry<RewardModel>('reward model', [
  tabular,
  ridge,
  logistic,
]);
