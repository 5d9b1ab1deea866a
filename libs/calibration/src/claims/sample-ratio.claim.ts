import { sampleRatio } from '#metrics';
import { binomialTable } from '../alias-table.js';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';

const UNITS = 100_000;
const LEVEL = 0.001;

export const sampleRatioClaim: Claim = {
  key: 'sample-ratio',
  title: 'Sample ratio, chi-square',
  design: 'planned 50/50, 100,000 units, alarm below 0.001',
  runs: 1_000_000,
  shortRuns: 50_000,
  simulate(sampler, runs, tally) {
    const table = binomialTable(UNITS, 0.5);
    for (let i = 0; i < runs; i++) {
      const control = table.draw(sampler);
      const ratio = sampleRatio([control, UNITS - control], [1, 1]);
      tally.add('alarm', ratio !== null && ratio.pValue < LEVEL);
    }
  },
  checks: [hasProbability('alarm', 'false alarms', LEVEL)],
};
