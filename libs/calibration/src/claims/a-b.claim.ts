import { atLeast, promised } from '../claim.js';
import type { Claim } from '../claim.js';
import { SETUPS, peekDaily } from '../world/peeked-experiment.js';

const RUNS = 150;
const DAYS = 28;
const UNITS = 4500;
const LIFT = 0.2;
const [WINNER, IDLE] = ['winner', 'idle'];
const ARMS = [
  { key: 'control', watchTime: 1 },
  { key: WINNER, watchTime: 1 + LIFT },
  { key: IDLE, watchTime: 1 },
];

export const abClaim: Claim = {
  key: 'a-b',
  title: 'The same with a real lift',
  design: 'as above, but one arm lengthens every view by 20 %',
  runs: RUNS,
  shortRuns: 8,
  simulate(sampler, runs, tally) {
    for (let i = 0; i < runs; i++) {
      const key = `a-b-${sampler.below(2 ** 32)}`;
      const ever = peekDaily({ key, units: UNITS, days: DAYS, arms: ARMS }, sampler);
      for (const [setup, { shipped }] of ever) {
        tally.add(`${setup}/ship`, shipped.has(WINNER));
        tally.add(`${setup}/wrong`, shipped.has(IDLE));
      }
    }
  },
  checks: [
    atLeast('alone/ship', 'ever "ship", no guardrail', 0.8),
    atLeast('guarded/ship', 'ever "ship", two guardrails', 0.5),
    ...SETUPS.map(({ key }) => promised(`${key}/wrong`, `ever "ship" of the idle arm, ${key}`, 0.05, RUNS)),
  ],
};
