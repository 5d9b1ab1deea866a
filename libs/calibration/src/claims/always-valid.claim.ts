import { EMPTY_MOMENTS, estimatorRegistry, merge, mixtureSprt } from '#metrics';
import type { EstimateOptions } from '#metrics';
import { atMost, mustFail, never, notAbove } from '../claim.js';
import type { Claim } from '../claim.js';
import { bernoulliArm, exponentialArm, normalArm } from '../draws.js';
import type { ArmDraw } from '../draws.js';
import type { Sampler } from '../sampler.js';
import type { Tally } from '../tally.js';
import { ALPHA, MEAN, Z, rejects } from './common.js';

const LOOKS = 100;
const UNITS_PER_LOOK = 200;
const WIDE_TUNING = 20_000;
/** Variance of the mixture of the mSPRT as a share of the variance of a unit. */
const TAU2 = 0.001;
const SHARE = 0.05;
/** What a fixed test that is peeked at 100 times rejects at the very least. */
const FIXED_Z_ABOVE = 0.3;

interface Design {
  readonly key: string;
  readonly text: string;
  readonly batch: () => ArmDraw;
  readonly variance: number;
  readonly kind: EstimateOptions['kind'];
}

const DESIGNS: readonly Design[] = [
  {
    key: 'normal',
    text: 'normal',
    batch: () => normalArm(UNITS_PER_LOOK, 10, 4),
    variance: 16,
    kind: 'mean',
  },
  {
    key: 'exponential',
    text: 'exponential',
    batch: () => exponentialArm(UNITS_PER_LOOK),
    variance: 1,
    kind: 'mean',
  },
  {
    key: 'bernoulli',
    text: '5 % converting',
    batch: () => bernoulliArm(UNITS_PER_LOOK, SHARE),
    variance: SHARE * (1 - SHARE),
    kind: 'proportion',
  },
];

const estimator = estimatorRegistry.get('asymptotic-cs');
/** Half-width with the wider tuning in standard errors, per look. */
const wideRadius = Float64Array.from({ length: LOOKS }, (_, look) => {
  const n = (look + 1) * UNITS_PER_LOOK;
  return (
    estimator.halfWidth({ control: n, treatment: n }, { alpha: ALPHA, sequentialTuning: WIDE_TUNING }) ??
    Infinity
  );
});

function simulateOne(sampler: Sampler, design: Design, batch: ArmDraw, tally: Tally): void {
  const options = { ...MEAN, kind: design.kind };
  const looks: { unitsPerArm: number; difference: number }[] = [];
  let [a, b] = [EMPTY_MOMENTS, EMPTY_MOMENTS];
  let [narrow, wide, fixed] = [false, false, false];
  for (let look = 0; look < LOOKS; look++) {
    a = merge(a, batch(sampler));
    b = merge(b, batch(sampler));
    const effect = estimator.compare(a, b, options);
    const { estimate, standardError } = effect;
    looks.push({ unitsPerArm: a.n, difference: b.mean[0] - a.mean[0] });
    narrow ||= rejects(effect);
    if (effect.status !== 'ok' || estimate === null || standardError === null) continue;
    wide ||= Math.abs(estimate) > (wideRadius[look] as number) * standardError;
    fixed ||= Math.abs(estimate) > Z * standardError;
  }
  tally.add(`${design.key}/default`, narrow);
  tally.add(`${design.key}/wide`, wide);
  tally.add(`${design.key}/fixed`, fixed);
  const sprt = mixtureSprt(looks, design.variance, TAU2 * design.variance, ALPHA);
  if (sprt.status !== 'ok') throw new Error(sprt.reason);
  tally.add(`${design.key}/sprt`, sprt.rejectAt !== null);
  tally.add(
    'rises',
    sprt.pValues.some((p, i) => i > 0 && p > (sprt.pValues[i - 1] as number)),
  );
}

export const alwaysValidClaim: Claim = {
  key: 'always-valid',
  title: 'Confidence sequence, 100 looks',
  design: 'A/A looked at every 200 an arm up to 20,000',
  runs: 20_000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    for (const design of DESIGNS) {
      const batch = design.batch();
      for (let i = 0; i < runs; i++) simulateOne(sampler, design, batch, tally);
    }
  },
  checks: [
    ...DESIGNS.map(({ key, text }) => atMost(`${key}/default`, `${text}, N* 5,000`, ALPHA)),
    ...DESIGNS.map(({ key, text }) => atMost(`${key}/wide`, `${text}, N* 20,000`, ALPHA)),
    ...DESIGNS.map(({ key, text }) => atMost(`${key}/sprt`, `${text}, mSPRT`, ALPHA)),
    never('rises', 'mSPRT, its p-value rises'),
    ...DESIGNS.map(({ key, text }) => mustFail(notAbove(`${key}/fixed`, `${text}, fixed z`, FIXED_Z_ABOVE))),
  ],
};
