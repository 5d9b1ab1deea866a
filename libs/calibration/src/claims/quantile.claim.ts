import { quantileSummaryTest, sampleQuantile } from '#metrics';
import type { QuantileSummary } from '#metrics';
import type { CountTable } from '../alias-table.js';
import { poissonTable } from '../alias-table.js';
import { atMost, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, Z } from './common.js';

const UNITS = 400;
const LEVEL = 0.9;
const UNIT_SD = 0.6;
const EVENT_SD = 0.8;
const EXTRA_EVENTS = 5;

/** The summary that a warehouse would give of the events of one arm. */
function drawSummary(sampler: Sampler, counts: CountTable): QuantileSummary {
  const events = new Int32Array(UNITS);
  let n = 0;
  for (let unit = 0; unit < UNITS; unit++) n += events[unit] = 1 + counts.draw(sampler);
  const values = new Float64Array(n);
  let at = 0;
  for (let unit = 0; unit < UNITS; unit++) {
    const effect = UNIT_SD * sampler.normal();
    for (let k = events[unit] as number; k > 0; k--)
      values[at++] = Math.exp(effect + EVENT_SD * sampler.normal());
  }
  const sorted = Float64Array.from(values).sort();
  const quantile = sampleQuantile(sorted, LEVEL);
  const reach = Z * Math.sqrt((LEVEL * (1 - LEVEL)) / n);
  const clusters = {
    n: UNITS,
    sum: 0,
    sumSquares: 0,
    denominatorSum: n,
    denominatorSumSquares: 0,
    crossSum: 0,
  };
  at = 0;
  for (let unit = 0; unit < UNITS; unit++) {
    const own = events[unit] as number;
    let below = 0;
    for (let k = 0; k < own; k++) if ((values[at++] as number) <= quantile) below++;
    clusters.sum += below;
    clusters.sumSquares += below * below;
    clusters.denominatorSumSquares += own * own;
    clusters.crossSum += below * own;
  }
  return {
    n,
    nStar: n,
    quantile,
    lower: sampleQuantile(sorted, LEVEL - reach),
    upper: sampleQuantile(sorted, LEVEL + reach),
    clusters,
  };
}

export const quantileClaim: Claim = {
  key: 'clustered-quantile',
  title: 'Clustered 90th percentile, type I',
  design: 'A/A, 400 units an arm, 1 + Poisson(5) events, log-normal with a unit effect of sd 0.6',
  runs: 4000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    const counts = poissonTable(EXTRA_EVENTS);
    const withoutClusters = ({ clusters: _, ...rest }: QuantileSummary): QuantileSummary => rest;
    for (let i = 0; i < runs; i++) {
      const [control, treatment] = [drawSummary(sampler, counts), drawSummary(sampler, counts)];
      const clustered = quantileSummaryTest(control, treatment, LEVEL, { alpha: ALPHA });
      tally.add('clustered', clustered.status === 'ok' && clustered.pValue < ALPHA);
      const plain = quantileSummaryTest(withoutClusters(control), withoutClusters(treatment), LEVEL, {
        alpha: ALPHA,
      });
      tally.add('independent', plain.status === 'ok' && plain.pValue < ALPHA);
    }
  },
  checks: [
    atMost('clustered', 'clustered variance', ALPHA),
    mustFail(atMost('independent', 'events as if independent', ALPHA)),
  ],
};
