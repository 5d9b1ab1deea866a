import { createRegistry } from '#experiments';
import type { HealthCheck, HealthFacts, HealthResult } from '../contract.js';
import { crossoverCheck } from './crossover.check.js';
import { fullWeekCheck } from './full-week.check.js';
import { powerCheck } from './power.check.js';
import { propensityCheck } from './propensity.check.js';
import { sampleRatioCheck } from './sample-ratio.check.js';
import { sampleSizeCheck } from './sample-size.check.js';
import { unexpectedArmCheck } from './unexpected-arm.check.js';

/** Adding a check is one file beside this one and one entry here; they run in this order. */
export const healthChecks: readonly HealthCheck[] = [
  sampleRatioCheck,
  crossoverCheck,
  unexpectedArmCheck,
  sampleSizeCheck,
  fullWeekCheck,
  powerCheck,
  propensityCheck,
];

export const healthCheckRegistry = createRegistry('health check', healthChecks);

/** Results of every check that applies to these facts. */
export function runHealthChecks(facts: HealthFacts): HealthResult[] {
  return healthChecks.map((check) => check.check(facts)).filter((result) => result !== null);
}
