import { estimatorRegistry, fromValues } from '#metrics';
import type { Moments } from '#metrics';
import { atMost, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, MEAN, liftWald } from './common.js';

const UNITS = 200;
const SIGMA = 1.3;
const LIFT = 0.1;

export const liftCoverageClaim: Claim = {
  key: 'lift-coverage',
  title: 'Lift interval, misses',
  design: 'true lift 10 %, log-normal (sigma 1.3), 200 an arm',
  runs: 20_000,
  shortRuns: 10_000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    const values = new Float64Array(UNITS);
    const arm = (source: Sampler, scale: number): Moments => {
      for (let i = 0; i < UNITS; i++) values[i] = scale * Math.exp(SIGMA * source.normal());
      return fromValues(values);
    };
    for (let i = 0; i < runs; i++) {
      const [control, treatment] = [arm(sampler, 1), arm(sampler, 1 + LIFT)];
      const { interval } = welch.compare(control, treatment, MEAN).relative;
      tally.add('fieller', LIFT < (interval?.lower ?? -Infinity) || LIFT > (interval?.upper ?? Infinity));
      const delta = liftWald(control, treatment);
      tally.add('delta', delta !== null && (LIFT < delta.lower || LIFT > delta.upper));
    }
  },
  checks: [
    atMost('fieller', 'Fieller (the default)', ALPHA),
    mustFail(atMost('delta', 'delta method', ALPHA)),
  ],
};
