import { sequentialPoissonRates } from '#metrics';
import { poissonTable } from '../alias-table.js';
import type { CountTable } from '../alias-table.js';
import { atLeast, atMost, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, Z } from './common.js';

const LOOKS = 100;
const CONCENTRATION = 100;
const LOOKS_PER_DAY = 6;
const EVENTS_PER_LOOK = 20;
/** A rate that treatment raises, to see that the test finds it. */
const RATE_RATIO = 1.25;

/** Events per arm and look over the hours of a day. */
const dailyCycle = (factor: number): CountTable[] =>
  Array.from({ length: LOOKS_PER_DAY }, (_, look) =>
    poissonTable(factor * EVENTS_PER_LOOK * (1 + 0.6 * Math.sin((2 * Math.PI * look) / LOOKS_PER_DAY))),
  );

interface Found {
  readonly sequential: boolean;
  readonly peeked: boolean;
}

function simulateOne(
  sampler: Sampler,
  control: readonly CountTable[],
  treatment: readonly CountTable[],
): Found {
  let [a, b] = [0, 0];
  let [sequential, peeked] = [false, false];
  for (let look = 0; look < LOOKS; look++) {
    a += control[look % LOOKS_PER_DAY]?.draw(sampler) ?? 0;
    b += treatment[look % LOOKS_PER_DAY]?.draw(sampler) ?? 0;
    peeked ||= Math.abs(b - a) > Z * Math.sqrt(a + b);
    if (sequential) continue;
    const found = sequentialPoissonRates([a, b], [1, 1], CONCENTRATION, ALPHA);
    sequential = found.status === 'ok' && found.pValue < ALPHA;
  }
  return { sequential, peeked };
}

export const poissonRatesClaim: Claim = {
  key: 'poisson-rates',
  title: 'Counts in time, 100 looks',
  design: 'Poisson streams with a daily cycle, about 20 events an arm and look, concentration 100',
  runs: 50_000,
  shortRuns: 1000,
  simulate(sampler, runs, tally) {
    const [same, more] = [dailyCycle(1), dailyCycle(RATE_RATIO)];
    for (let i = 0; i < runs; i++) {
      const { sequential, peeked } = simulateOne(sampler, same, same);
      tally.add('sequential', sequential);
      tally.add('peeked', peeked);
      if (i % 10 === 0) tally.add('power', simulateOne(sampler, same, more).sequential);
    }
  },
  checks: [
    atMost('sequential', 'sequential test', ALPHA),
    atLeast('power', 'a rate 25 % higher is found', 0.9),
    mustFail(atMost('peeked', 'fixed test at every look', ALPHA)),
  ],
};
