import type { Policy } from '../contract.js';
import { deep } from './deep.js';
import { ease } from './ease.js';
import { edlae } from './edlae.js';
import { gfCf } from './gf-cf.js';
import { implicitAls } from './implicit-als.js';
import { itemKnn } from './item-knn.js';
import { markovKnn } from './markov-knn.js';
import { multiTask } from './multi-task.js';
import { rp3Beta } from './rp3-beta.js';

/** Policies that learn in a training run. Adding one is one file and one entry here. */
export const recommenders: readonly Policy[] = [
  implicitAls as Policy,
  itemKnn as Policy,
  ease as Policy,
  edlae as Policy,
  markovKnn as Policy,
  rp3Beta as Policy,
  gfCf as Policy,
  deep as Policy,
  multiTask as Policy,
];
