import { adjustPValues, normalSf } from '#metrics';
import { atLeast, atMost, hasMean, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import { ALPHA } from './common.js';

const TESTS = 20;
const NULLS = 15;
const Z_OF_EFFECTS = 3;
/** Standard deviation of the false discovery proportion of one run. */
const PROPORTION_SD = 0.095;

export const multiplicityClaim: Claim = {
  key: 'multiplicity',
  title: 'Holm and Benjamini-Hochberg',
  design: '20 tests, 15 without an effect, 5 at z = 3',
  runs: 50_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const pValues = new Array<number>(TESTS);
    for (let i = 0; i < runs; i++) {
      for (let k = 0; k < TESTS; k++)
        pValues[k] = 2 * normalSf(Math.abs(sampler.normal() + (k < NULLS ? 0 : Z_OF_EFFECTS)));
      const holm = adjustPValues(pValues, 'holm');
      const bh = adjustPValues(pValues, 'fdr_bh');
      const found = (list: readonly (number | null)[], from: number, to: number): number =>
        list.slice(from, to).filter((p) => p !== null && p < ALPHA).length;
      const [wrong, right] = [found(bh, 0, NULLS), found(bh, NULLS, TESTS)];
      tally.add('family', found(holm, 0, NULLS) > 0);
      tally.add('discoveries', wrong / Math.max(1, wrong + right));
      tally.add('none', found(pValues, 0, NULLS) > 0);
      tally.add('found', right > 0);
    }
  },
  checks: [
    atMost('family', 'Holm: any false rejection', ALPHA),
    hasMean(
      'discoveries',
      'Benjamini-Hochberg: false discovery proportion',
      0.0375,
      (n) => (3.3 * PROPORTION_SD) / Math.sqrt(n),
    ),
    atLeast('found', 'Benjamini-Hochberg: any true discovery', 0.9),
    mustFail(atMost('none', 'no correction: any false rejection', ALPHA)),
  ],
};
