import type { Policy, RecommenderPolicy } from '../contract.js';
import { anticipatoryOf } from './anticipatory.js';
import { blendOf } from './blend.js';
import { bpr } from './bpr.js';
import { content } from './content.js';
import { deep } from './deep.js';
import { ease } from './ease.js';
import { edlae } from './edlae.js';
import { gfCf } from './gf-cf.js';
import { graph } from './graph.js';
import { hybrid } from './hybrid.js';
import { implicitAls } from './implicit-als.js';
import { itemKnn } from './item-knn.js';
import { markovKnn } from './markov-knn.js';
import { multiTask } from './multi-task.js';
import { rp3Beta } from './rp3-beta.js';
import { searchOf } from './search.js';
import { sequence } from './sequence.js';

/** Recommenders that need nothing of a title but its id, so that they can also be parts of a blend. */
const blendable: readonly RecommenderPolicy[] = [
  implicitAls as RecommenderPolicy,
  bpr as RecommenderPolicy,
  itemKnn as RecommenderPolicy,
  ease as RecommenderPolicy,
  edlae as RecommenderPolicy,
  markovKnn as RecommenderPolicy,
  rp3Beta as RecommenderPolicy,
  gfCf as RecommenderPolicy,
  sequence as RecommenderPolicy,
];

const blend = blendOf(blendable);

/** Policies that learn in a training run. Adding one is one file and one entry here. */
export const recommenders: readonly Policy[] = [
  ...blendable,
  blend as Policy,
  content as Policy,
  graph as Policy,
  hybrid as Policy,
  deep as Policy,
  multiTask as Policy,
  searchOf([
    ...blendable,
    content as RecommenderPolicy,
    graph as RecommenderPolicy,
    hybrid as RecommenderPolicy,
  ]) as Policy,
  anticipatoryOf([...blendable, blend as RecommenderPolicy]) as Policy,
];
