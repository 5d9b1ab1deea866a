import { sampleRatio, sequentialSampleRatio } from '#metrics';
import { binomialTable } from '../alias-table.js';
import { atLeast, atMost, mustFail, never } from '../claim.js';
import type { Claim } from '../claim.js';

const LOOKS = 100;
const UNITS_PER_LOOK = 1000;
const CONCENTRATION = 10_000;
const LEVEL = 0.001;
/** One run in so many also sees the test that must fail, which errs ten times as often. */
const CONTROL_EVERY = 5;
/** Treatment's share where units are lost. */
const LEAK = 0.49;

export const sequentialSampleRatioClaim: Claim = {
  key: 'sequential-sample-ratio',
  title: 'Sequential sample ratio',
  design: 'planned 50/50, 100 looks of 1,000 units, concentration 10,000, alarm below 0.001',
  runs: 50_000,
  shortRuns: 5000,
  simulate(sampler, runs, tally) {
    const [fair, leaking] = [binomialTable(UNITS_PER_LOOK, 0.5), binomialTable(UNITS_PER_LOOK, LEAK)];
    const increments = (table: typeof fair): number[][] =>
      Array.from({ length: LOOKS }, () => {
        const control = table.draw(sampler);
        return [control, UNITS_PER_LOOK - control];
      });
    const test = (rows: number[][]): readonly number[] => {
      const found = sequentialSampleRatio(rows, [1, 1], CONCENTRATION);
      if (found.status !== 'ok') throw new Error(found.reason);
      return found.pValues;
    };
    for (let i = 0; i < runs; i++) {
      const rows = increments(fair);
      const pValues = test(rows);
      tally.add('alarm', (pValues[LOOKS - 1] as number) < LEVEL);
      tally.add(
        'rises',
        pValues.some((p, look) => look > 0 && p > (pValues[look - 1] as number)),
      );
      if (i % CONTROL_EVERY > 0) continue;
      let [a, b, alarm] = [0, 0, false];
      for (const [x, y] of rows) {
        a += x as number;
        b += y as number;
        alarm ||= (sampleRatio([a, b], [1, 1])?.pValue ?? 1) < LEVEL;
      }
      tally.add('chi-square', alarm);
      tally.add('leak', (test(increments(leaking))[LOOKS - 1] as number) < LEVEL);
    }
  },
  checks: [
    atMost('alarm', 'false alarms', LEVEL),
    atLeast('leak', 'a split of 49/51 is found', 0.9),
    never('rises', 'its p-value rises'),
    mustFail(atMost('chi-square', 'chi-square at every look', LEVEL)),
  ],
};
