import { createRegistry } from '#experiments';
import type { Registry } from '#experiments';
import { cascadeDr } from './cascade-dr.js';
import type { SlateEstimator } from './contract.js';
import { independentControlled } from './independent-controlled.js';
import { independentNormalised } from './independent-normalised.js';
import { independentIps } from './independent.js';
import { pseudoInverse } from './pseudo-inverse.js';
import { rewardInteractionControlled } from './reward-interaction-controlled.js';
import { rewardInteractionNormalised } from './reward-interaction-normalised.js';
import { rewardInteraction } from './reward-interaction.js';
import { slateIpsControlled } from './slate-ips-controlled.js';
import { slateIpsNormalised } from './slate-ips-normalised.js';
import { slateIps } from './slate-ips.js';

/** Adding a slate estimator is one file and one entry here. */
export const slateEstimatorRegistry: Registry<SlateEstimator> = createRegistry<SlateEstimator>(
  'slate estimator',
  [
    slateIps,
    slateIpsNormalised,
    slateIpsControlled,
    independentIps,
    independentNormalised,
    independentControlled,
    rewardInteraction,
    rewardInteractionNormalised,
    rewardInteractionControlled,
    pseudoInverse,
    cascadeDr,
  ],
);
