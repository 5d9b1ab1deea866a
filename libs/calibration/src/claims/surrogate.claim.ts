import { normalLaw, surrogateIndex, waldTest } from '#metrics';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ALPHA } from './common.js';

const HISTORY = 300;
const UNITS = 400;
/** Slopes of the long-term outcome on the surrogates, and the effects on the surrogates. */
const SLOPES = [0.6, 0.3] as const;
const EFFECTS = [0.3, 0.2] as const;
const TRUTH = SLOPES[0] * EFFECTS[0] + SLOPES[1] * EFFECTS[1];

export const surrogateClaim: Claim = {
  key: 'surrogate',
  title: 'Surrogate index, interval misses',
  design: '2 surrogates, 300 units of history, 400 in the experiment, truth 0.24',
  runs: 5000,
  shortRuns: 1000,
  simulate(sampler, runs, tally) {
    const columns = (n: number): Float64Array[] => SLOPES.map(() => new Float64Array(n));
    const [past, present] = [columns(HISTORY), columns(UNITS)];
    const outcome = new Float64Array(HISTORY);
    const treatment = Float64Array.from({ length: UNITS }, (_, i) => i % 2);
    for (let run = 0; run < runs; run++) {
      for (let i = 0; i < HISTORY; i++) {
        outcome[i] = 1 + sampler.normal();
        SLOPES.forEach((slope, j) => {
          const x = sampler.normal();
          (past[j] as Float64Array)[i] = x;
          outcome[i] = (outcome[i] as number) + slope * x;
        });
      }
      for (let i = 0; i < UNITS; i++)
        EFFECTS.forEach(
          (effect, j) =>
            ((present[j] as Float64Array)[i] = sampler.normal() + effect * (treatment[i] as number)),
        );
      const found = surrogateIndex({ surrogates: past, outcome }, { surrogates: present, treatment });
      if (!found.ok) throw new Error(found.reason);
      const { lower, upper } = waldTest(found.value.estimate, found.value.standardError, normalLaw, {
        alpha: ALPHA,
      });
      tally.add('misses', TRUTH < lower || TRUTH > upper);
    }
  },
  checks: [hasProbability('misses', '95 % interval with the uncertainty of the model', ALPHA)],
};
