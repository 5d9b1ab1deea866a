import { EMPTY_MOMENTS, effectOf, estimatorRegistry, merge } from '#metrics';
import type { EstimateOptions, Moments } from '#metrics';
import { atMost, mustFail, never } from '../claim.js';
import type { Claim } from '../claim.js';
import { bernoulliArm, sparseLogNormalArm } from '../draws.js';
import type { ArmDraw } from '../draws.js';
import type { Sampler } from '../sampler.js';
import type { Tally } from '../tally.js';
import { ALPHA, MEAN, meanOf, rejects } from './common.js';

const LOOKS = 100;
const UNITS_PER_LOOK = 10;

const DESIGNS: readonly {
  readonly key: string;
  readonly text: string;
  readonly batch: () => ArmDraw;
  readonly kind: EstimateOptions['kind'];
}[] = [
  {
    key: 'bernoulli',
    text: '1 % converting',
    batch: () => bernoulliArm(UNITS_PER_LOOK, 0.01),
    kind: 'proportion',
  },
  {
    key: 'log-normal',
    text: '10 % log-normal',
    batch: () => sparseLogNormalArm(UNITS_PER_LOOK, 0.1, 1),
    kind: 'mean',
  },
];

const estimator = estimatorRegistry.get('asymptotic-cs');

/** The mistake: the same critical value on the lift with the delta method's standard error. */
function deltaLiftRejects(control: Moments, treatment: Moments): boolean {
  const radius = estimator.halfWidth({ control: control.n, treatment: treatment.n }, { alpha: ALPHA });
  const lift = effectOf(meanOf(control), meanOf(treatment), 'relative');
  return radius !== null && lift.status === 'ok' && Math.abs(lift.estimate) > radius * lift.standardError;
}

function simulateOne(
  sampler: Sampler,
  key: string,
  kind: EstimateOptions['kind'],
  batch: ArmDraw,
  tally: Tally,
) {
  let [a, b] = [EMPTY_MOMENTS, EMPTY_MOMENTS];
  let [absolute, lift, delta, disagrees] = [false, false, false, false];
  for (let look = 0; look < LOOKS; look++) {
    a = merge(a, batch(sampler));
    b = merge(b, batch(sampler));
    const effect = estimator.compare(a, b, { ...MEAN, kind });
    absolute ||= rejects(effect);
    delta ||= deltaLiftRejects(a, b);
    const { interval, status } = effect.relative;
    const excludesZero = (interval?.lower ?? -1) > 0 || (interval?.upper ?? 1) < 0;
    lift ||= excludesZero;
    disagrees ||= status === 'ok' && excludesZero !== rejects(effect);
  }
  tally.add(`${key}/absolute`, absolute);
  tally.add(`${key}/lift`, lift);
  tally.add(`${key}/delta`, delta);
  tally.add('disagrees', disagrees);
}

export const sequentialLiftClaim: Claim = {
  key: 'sequential-lift',
  title: 'Sequential lift, 100 looks',
  design: 'A/A looked at every 10 an arm up to 1,000',
  runs: 10_000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    for (const { key, kind, batch } of DESIGNS) {
      const draw = batch();
      for (let i = 0; i < runs; i++) simulateOne(sampler, key, kind, draw, tally);
    }
  },
  checks: [
    ...DESIGNS.map(({ key, text }) => atMost(`${key}/absolute`, `${text}, absolute`, ALPHA)),
    ...DESIGNS.map(({ key, text }) => atMost(`${key}/lift`, `${text}, lift (Fieller)`, ALPHA)),
    never('disagrees', 'lift and difference disagree'),
    ...DESIGNS.map(({ key, text }) => mustFail(atMost(`${key}/delta`, `${text}, lift (delta)`, ALPHA))),
  ],
};
