import { groupSequentialBounds } from '#metrics';
import type { Spending } from '#metrics';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ALPHA } from './common.js';

const DESIGNS: readonly {
  readonly key: string;
  readonly text: string;
  readonly spending: Spending;
  readonly information: readonly number[];
}[] = [
  {
    key: 'obrien-fleming',
    text: "O'Brien-Fleming, 13 looks",
    spending: { kind: 'obrien_fleming' },
    information: Array.from({ length: 13 }, (_, i) => (i + 2) / 14),
  },
  {
    key: 'pocock',
    text: 'Pocock, 5 looks',
    spending: { kind: 'pocock' },
    information: Array.from({ length: 5 }, (_, i) => (i + 1) / 5),
  },
];

export const groupSequentialClaim: Claim = {
  key: 'group-sequential',
  title: 'Group sequential, type I',
  design: 'A/A, normal increments of information, two-sided',
  runs: 400_000,
  shortRuns: 10_000,
  simulate(sampler, runs, tally) {
    for (const { key, spending, information } of DESIGNS) {
      const bounds = groupSequentialBounds({ information, spending, alpha: ALPHA, sides: 2 });
      if (bounds.status !== 'ok') throw new Error(bounds.reason);
      const steps = information.map((t, k) => Math.sqrt(t - (information[k - 1] ?? 0)));
      const limits = bounds.criticalValues.map((c, k) => c * Math.sqrt(information[k] as number));
      for (let i = 0; i < runs; i++) {
        let sum = 0;
        let crossed = false;
        for (let k = 0; k < steps.length; k++) {
          sum += (steps[k] as number) * sampler.normal();
          crossed ||= Math.abs(sum) >= (limits[k] as number);
        }
        tally.add(key, crossed);
      }
    }
  },
  checks: DESIGNS.map(({ key, text }) => hasProbability(key, text, ALPHA)),
};
