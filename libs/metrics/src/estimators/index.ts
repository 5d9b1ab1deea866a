import { createRegistry } from '#experiments';
import { anytimeRegression } from './anytime-regression.js';
import { asymptoticCs } from './asymptotic-cs.js';
import { bayesian } from './bayesian.js';
import { groupSequential } from './group-sequential.js';
import { msprt } from './msprt.js';
import { score } from './score.js';
import { welch } from './welch.js';

/** The first entry is the default. */
export const estimatorRegistry = createRegistry('estimator', [
  asymptoticCs,
  welch,
  score,
  msprt,
  anytimeRegression,
  groupSequential,
  bayesian,
]);
export const DEFAULT_ESTIMATOR = asymptoticCs.key;
