import { createRegistry } from '#experiments';
import type { Registry } from '#experiments';
import type { OffPolicyEstimator } from '../contract.js';
import { clippedIps } from './clipped-ips.js';
import { directMethod } from './direct-method.js';
import { doublyRobust } from './doubly-robust.js';
import { drShrinkage } from './dr-shrinkage.js';
import { ips } from './ips.js';
import { moreRobustDr } from './more-robust-dr.js';
import { replay } from './replay.js';
import { selfNormalisedDr } from './self-normalised-dr.js';
import { snips } from './snips.js';
import { subGaussianIps } from './sub-gaussian-ips.js';
import { switchDr } from './switch-dr.js';

/** Adding an off-policy estimator is one file and one entry here. */
export const offPolicyRegistry: Registry<OffPolicyEstimator> = createRegistry<OffPolicyEstimator>(
  'off-policy estimator',
  [
    ips,
    clippedIps,
    snips,
    subGaussianIps,
    directMethod,
    doublyRobust,
    selfNormalisedDr,
    switchDr,
    drShrinkage,
    moreRobustDr,
    replay,
  ],
);
