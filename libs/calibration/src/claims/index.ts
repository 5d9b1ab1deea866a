import { createRegistry } from '#experiments';
import type { Claim } from '../claim.js';
import { aaClaim } from './a-a.claim.js';
import { abClaim } from './a-b.claim.js';
import { adaptiveClaim } from './adaptive.claim.js';
import { alwaysValidClaim } from './always-valid.claim.js';
import { bayesClaim } from './bayes.claim.js';
import { clustersClaim } from './clusters.claim.js';
import { cupedClaim } from './cuped.claim.js';
import { groupSequentialClaim } from './group-sequential.claim.js';
import { liftCoverageClaim } from './lift-coverage.claim.js';
import { liftWaldClaim } from './lift-wald.claim.js';
import { multiplicityClaim } from './multiplicity.claim.js';
import { nonInferiorityClaim } from './non-inferiority.claim.js';
import { peekedMarginClaim } from './peeked-margin.claim.js';
import { poissonRatesClaim } from './poisson-rates.claim.js';
import { postStratificationClaim } from './post-stratification.claim.js';
import { powerClaim } from './power.claim.js';
import { commonProportionsClaim, rareProportionsClaim } from './proportions.claim.js';
import { quantileClaim } from './quantile.claim.js';
import { ratioClaim } from './ratio.claim.js';
import { sampleRatioClaim } from './sample-ratio.claim.js';
import { sequentialLiftClaim } from './sequential-lift.claim.js';
import { sequentialPowerClaim } from './sequential-power.claim.js';
import { sequentialSampleRatioClaim } from './sequential-sample-ratio.claim.js';
import { surrogateClaim } from './surrogate.claim.js';
import { survivalClaim } from './survival.claim.js';
import { trendClaim } from './trend.claim.js';
import { welchClaim } from './welch.claim.js';

/** In the order of the table. Adding a claim is one file beside this one and one entry here. */
const claims: readonly Claim[] = [
  welchClaim,
  liftWaldClaim,
  liftCoverageClaim,
  commonProportionsClaim,
  rareProportionsClaim,
  ratioClaim,
  clustersClaim,
  quantileClaim,
  cupedClaim,
  postStratificationClaim,
  alwaysValidClaim,
  sequentialLiftClaim,
  sequentialPowerClaim,
  groupSequentialClaim,
  sampleRatioClaim,
  sequentialSampleRatioClaim,
  poissonRatesClaim,
  bayesClaim,
  multiplicityClaim,
  nonInferiorityClaim,
  peekedMarginClaim,
  survivalClaim,
  adaptiveClaim,
  surrogateClaim,
  powerClaim,
  trendClaim,
  aaClaim,
  abClaim,
];

export const claimRegistry = createRegistry('claim', claims);
