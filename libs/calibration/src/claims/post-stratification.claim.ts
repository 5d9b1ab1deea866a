import { fromValues, normalLaw, postStratify, waldTest } from '#metrics';
import type { Moments } from '#metrics';
import { AliasTable } from '../alias-table.js';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA } from './common.js';

const UNITS = 400;
const SHARES = [0.5, 0.3, 0.2];
const MEANS = [0, 1, 3];

/** Moments of an arm's units by stratum. */
function drawArm(sampler: Sampler, strata: AliasTable): Moments[] {
  const values: number[][] = SHARES.map(() => []);
  for (let i = 0; i < UNITS; i++) {
    const stratum = strata.draw(sampler);
    values[stratum]?.push((MEANS[stratum] as number) + sampler.normal());
  }
  return values.map((own) => fromValues(own));
}

export const postStratificationClaim: Claim = {
  key: 'post-stratification',
  title: 'Post-stratification, type I',
  design: 'A/A, 3 strata of different level, 400 an arm',
  runs: 5000,
  shortRuns: 1000,
  simulate(sampler, runs, tally) {
    const strata = new AliasTable(SHARES);
    for (let i = 0; i < runs; i++) {
      const [control, treatment] = [drawArm(sampler, strata), drawArm(sampler, strata)];
      const found = postStratify(
        SHARES.map((_, k) => ({ control: control[k] as Moments, treatment: treatment[k] as Moments })),
        'absolute',
      );
      const pValue = found.ok
        ? waldTest(found.value.estimate, found.value.standardError, normalLaw, { alpha: ALPHA }).pValue
        : 1;
      tally.add('error', pValue < ALPHA);
    }
  },
  checks: [hasProbability('error', 'weights random', ALPHA)],
};
