import { createRegistry } from '#experiments';
import { asymptoticCs } from './asymptotic-cs.js';
import { welch } from './welch.js';

/** The first entry is the default. */
export const estimatorRegistry = createRegistry('estimator', [asymptoticCs, welch]);
export const DEFAULT_ESTIMATOR = asymptoticCs.key;
