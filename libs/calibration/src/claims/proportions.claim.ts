import { newcombeInterval, unpooledProportionTest } from '#metrics';
import { binomialTable } from '../alias-table.js';
import { atMost, hasProbability } from '../claim.js';
import type { Check, Claim } from '../claim.js';
import { ALPHA } from './common.js';

interface Design {
  readonly key: string;
  readonly title: string;
  readonly share: number;
  readonly units: number;
  readonly check: (measure: string, text: string, p: number) => Check;
}

function proportionsClaim({ key, title, share, units, check }: Design): Claim {
  return {
    key,
    title,
    design: `A/A, share ${share}, ${units.toLocaleString('en')} an arm`,
    runs: 200_000,
    shortRuns: 5000,
    simulate(sampler, runs, tally) {
      const table = binomialTable(units, share);
      for (let i = 0; i < runs; i++) {
        const control = { n: units, successes: table.draw(sampler) };
        const treatment = { n: units, successes: table.draw(sampler) };
        const wald = unpooledProportionTest(control, treatment, { alpha: ALPHA });
        tally.add('wald', wald.status === 'ok' && wald.pValue < ALPHA);
        const newcombe = newcombeInterval(control, treatment, { alpha: ALPHA });
        tally.add('newcombe', newcombe.status === 'ok' && (newcombe.lower > 0 || newcombe.upper < 0));
      }
    },
    checks: [check('wald', 'Wald', ALPHA), check('newcombe', 'Newcombe', ALPHA)],
  };
}

export const commonProportionsClaim = proportionsClaim({
  key: 'proportions',
  title: 'Proportions, type I',
  share: 0.1,
  units: 2000,
  check: hasProbability,
});

export const rareProportionsClaim = proportionsClaim({
  key: 'rare-proportions',
  title: 'Rare proportions, type I',
  share: 0.005,
  units: 1000,
  check: atMost,
});
