import { promised } from '../claim.js';
import type { Claim } from '../claim.js';
import { SETUPS, peekDaily } from '../world/peeked-experiment.js';

const RUNS = 500;
const DAYS = 28;
const UNITS = 4500;
const ARMS = ['control', 'treatment-a', 'treatment-b'].map((key) => ({ key, watchTime: 1 }));
/** The promise of the product: not more, whatever chance would allow. */
const PROMISE = 0.05;

const TEXTS: Readonly<Record<string, string>> = { alone: 'no guardrail', guarded: 'two guardrails' };

export const aaClaim: Claim = {
  key: 'a-a',
  title: 'A/A experiments end to end',
  design:
    'control and 2 arms alike, 1,500 units each, 28 days; hashed, exposed, matured, default report looked at every day',
  runs: RUNS,
  shortRuns: 16,
  simulate(sampler, runs, tally) {
    for (let i = 0; i < runs; i++) {
      const key = `a-a-${sampler.below(2 ** 32)}`;
      const ever = peekDaily({ key, units: UNITS, days: DAYS, arms: ARMS }, sampler);
      for (const [setup, { shipped, stopped, decisionClaim, otherClaim, fixFirst }] of ever) {
        tally.add(`${setup}/ship`, shipped.size > 0);
        tally.add(`${setup}/stop`, stopped);
        tally.add(`${setup}/decision`, decisionClaim);
        tally.add(`${setup}/other`, otherClaim);
        tally.add(`${setup}/fix`, fixFirst);
      }
    }
  },
  checks: [
    ...SETUPS.map(({ key }) => promised(`${key}/ship`, `ever "ship", ${TEXTS[key]}`, PROMISE, RUNS)),
    promised('alone/stop', 'ever "stop", no guardrail', PROMISE, RUNS),
    // Guardrails are not corrected for their number: 2 of them in 2 arms, each worse in 2.5 % at most.
    promised('guarded/stop', 'ever "stop", two guardrails', PROMISE + 4 * (PROMISE / 2), RUNS),
    promised('alone/decision', 'decision metric ever called better or worse', PROMISE, RUNS),
    promised('alone/other', 'another metric ever called better or worse', PROMISE, RUNS),
    promised('alone/fix', 'ever "fix first"', PROMISE, RUNS),
  ],
};
