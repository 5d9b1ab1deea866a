import { createRegistry } from '#experiments';
import type { HealthCheck, HealthFacts, HealthResult } from '../contract.js';
import {
  identitySwitchCheck,
  lateFallbackCheck,
  unitsWithoutDecisionCheck,
} from './assignment-state.check.js';
import { carryOverCheck } from './carry-over.check.js';
import { covariateBalanceCheck } from './covariate-balance.check.js';
import { crossoverCheck } from './crossover.check.js';
import { duplicatesCheck } from './duplicates.check.js';
import { editCheck } from './edit.check.js';
import { eventRatesCheck } from './event-rates.check.js';
import { exposuresWithoutDecisionCheck } from './exposures-without-decision.check.js';
import { fullWeekCheck } from './full-week.check.js';
import { guardrailCheck } from './guardrail.check.js';
import { immatureCheck } from './immature.check.js';
import { ingestLagCheck } from './ingest-lag.check.js';
import { lateEventsCheck } from './late-events.check.js';
import { leftOutCheck } from './left-out.check.js';
import { manyComparisonsCheck } from './many-comparisons.check.js';
import { missingPropensityCheck } from './missing-propensity.check.js';
import { mixedAllocationCheck } from './mixed-allocation.check.js';
import { noveltyCheck } from './novelty.check.js';
import { oddRewardsCheck } from './odd-rewards.check.js';
import { overlapCheck } from './overlap.check.js';
import { peekCheck } from './peek.check.js';
import { poisonCheck } from './poison.check.js';
import { powerCheck } from './power.check.js';
import { propensityCheck } from './propensity.check.js';
import { sampleRatioCheck } from './sample-ratio.check.js';
import { sampleSizeCheck } from './sample-size.check.js';
import { snapshotAgeCheck } from './snapshot-age.check.js';
import { splitByGroupCheck } from './split-by-group.check.js';
import { testersCheck } from './testers.check.js';
import { trafficCheck } from './traffic.check.js';
import { unexpectedArmCheck } from './unexpected-arm.check.js';
import { unmatchedOutcomesCheck } from './unmatched-outcomes.check.js';
import { unseenDecisionsCheck } from './unseen-decisions.check.js';

export type * from './facts.js';
export * from './assignment-states.js';
export { RATE_CONCENTRATION, isHarmfulEvent } from './event-rates.check.js';
export { groupRatios, sampleRatio, sequentialRatio } from './sample-ratio.js';
export type { GroupRatio, SampleRatio, SequentialRatio } from './sample-ratio.js';

/** Adding a check is one file beside this one and one entry here; they run in this order. */
export const healthChecks: readonly HealthCheck[] = [
  sampleRatioCheck,
  splitByGroupCheck,
  crossoverCheck,
  leftOutCheck,
  identitySwitchCheck,
  lateFallbackCheck,
  unseenDecisionsCheck,
  unitsWithoutDecisionCheck,
  mixedAllocationCheck,
  unexpectedArmCheck,
  trafficCheck,
  ingestLagCheck,
  missingPropensityCheck,
  oddRewardsCheck,
  guardrailCheck,
  eventRatesCheck,
  sampleSizeCheck,
  fullWeekCheck,
  peekCheck,
  powerCheck,
  editCheck,
  covariateBalanceCheck,
  propensityCheck,
  overlapCheck,
  snapshotAgeCheck,
  poisonCheck,
  noveltyCheck,
  carryOverCheck,
  immatureCheck,
  manyComparisonsCheck,
  exposuresWithoutDecisionCheck,
  unmatchedOutcomesCheck,
  duplicatesCheck,
  lateEventsCheck,
  testersCheck,
];

export const healthCheckRegistry = createRegistry('health check', healthChecks);

/** Results of every check that applies to these facts. */
export function runHealthChecks(facts: HealthFacts): HealthResult[] {
  return healthChecks.map((check) => check.check(facts)).filter((result) => result !== null);
}
