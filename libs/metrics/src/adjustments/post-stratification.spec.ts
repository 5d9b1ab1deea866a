import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Computed } from '../computed.js';
import { contrast } from '../contrast.js';
import type { Moments } from '../contract.js';
import { deltaLift } from '../fieller.js';
import { EMPTY_MOMENTS, fromSummary, fromValues } from '../moments.js';
import {
  postStratify,
  postStratifyCuped,
  postStratifyFixed,
  postStratifyRatio,
} from './post-stratification.js';
import type { StratifiedEffect, Stratum } from './post-stratification.js';
import { ancova, linAdjustment } from './regression.js';

function valueOf(result: Computed<StratifiedEffect>): StratifiedEffect {
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

interface Units {
  readonly y: number[];
  readonly d: number[];
  readonly x: number[];
}

function draw(seed: string, n: number, level: number): Units {
  const rng = createRng(seed);
  const x = Array.from({ length: n }, () => level + rng.normal());
  return {
    x,
    y: x.map((value) => value + 0.5 * rng.normal()),
    d: x.map(() => 2 + rng.uniform()),
  };
}

const SIZES = [
  [40, 44],
  [70, 61],
  [25, 30],
] as const;
const units = SIZES.map(([c, t], k) => ({
  control: draw(`c${k}`, c, 10 + 4 * k),
  treatment: draw(`t${k}`, t, 10.3 + 4 * k),
}));
const strataOf = (moments: (arm: Units) => Moments): Stratum[] =>
  units.map(({ control, treatment }) => ({ control: moments(control), treatment: moments(treatment) }));
const means = strataOf(({ y }) => fromValues(y));
const adjusted = strataOf(({ y, x }) => fromValues(y, undefined, x));
const ratios = strataOf(({ y, d }) => fromValues(y, d));
const total = SIZES.reduce((sum, [c, t]) => sum + c + t, 0);

describe('postStratifyFixed', () => {
  it('equals the regression of Lin on indicators of the strata with HC2 errors', () => {
    const all = units.flatMap(({ control, treatment }, k) => [
      ...control.y.map((y) => ({ y, w: 0, k })),
      ...treatment.y.map((y) => ({ y, w: 1, k })),
    ]);
    const fit = linAdjustment({
      y: all.map(({ y }) => y),
      treatment: all.map(({ w }) => w),
      covariates: [1, 2].map((stratum) => all.map(({ k }) => (k === stratum ? 1 : 0))),
    });
    if (!fit.ok) throw new Error(fit.reason);
    const result = valueOf(postStratifyFixed(means));
    expect(result.estimate).toBeCloseTo(fit.value.estimate, 11);
    expect(result.standardError).toBeCloseTo(fit.value.standardErrors.hc2, 11);
  });

  it('merges a stratum that lacks an arm into the largest', () => {
    const lone: Stratum = { control: fromValues([3, 4]), treatment: EMPTY_MOMENTS };
    const result = valueOf(postStratifyFixed([...means, lone]));
    expect(result.strata).toBe(3);
    expect(postStratifyFixed([lone])).toEqual({ ok: false, reason: 'insufficient_units' });
    expect(postStratifyFixed([])).toEqual({ ok: false, reason: 'insufficient_units' });
  });
});

describe('postStratify', () => {
  it('has the fixed-weight estimate, and its variance plus that of random shares', () => {
    const random = valueOf(postStratify(means, 'absolute'));
    const fixed = valueOf(postStratifyFixed(means));
    const shares = SIZES.map(([c, t]) => (c + t) / total);
    const effects = means.map(({ control, treatment }) => treatment.mean[0] - control.mean[0]);
    const spread = effects.reduce(
      (sum, effect, k) => sum + (shares[k] ?? 0) * (effect - random.estimate) ** 2,
      0,
    );
    expect(random.estimate).toBeCloseTo(fixed.estimate, 12);
    expect(random.standardError ** 2).toBeCloseTo(fixed.standardError ** 2 + spread / total, 12);
  });

  it('is the unstratified comparison for one stratum, absolute and relative', () => {
    const only = [means[1] as Stratum];
    const plain = contrast(only[0]?.control as Moments, only[0]?.treatment as Moments, {
      kind: 'mean',
      adjust: false,
    });
    if (!plain.ok) throw new Error(plain.reason);
    const lift = deltaLift(plain.contrast);
    expect(valueOf(postStratify(only, 'absolute')).standardError).toBeCloseTo(
      plain.contrast.standardError,
      12,
    );
    expect(valueOf(postStratify(only, 'relative')).estimate).toBeCloseTo(lift?.estimate ?? NaN, 12);
    expect(valueOf(postStratify(only, 'relative')).standardError).toBeCloseTo(lift?.standardError ?? NaN, 12);
  });

  it('does not depend on the order of the strata, and keeps the sign of the difference for a negative control', () => {
    expect(valueOf(postStratify([...means].reverse(), 'relative'))).toEqual({
      estimate: expect.closeTo(valueOf(postStratify(means, 'relative')).estimate, 12),
      standardError: expect.closeTo(valueOf(postStratify(means, 'relative')).standardError, 12),
      strata: 3,
    });
    const negative = [{ control: fromSummary(50, -4, 1), treatment: fromSummary(50, -3, 1) }];
    expect(valueOf(postStratify(negative, 'relative')).estimate).toBeCloseTo(0.25, 12);
  });

  it('merges strata with one unit or no spread in an arm', () => {
    const thin = { control: fromSummary(1, 9, 0), treatment: fromSummary(3, 10, 1) };
    const flat = { control: fromSummary(8, 9, 0), treatment: fromSummary(8, 10, 1) };
    expect(valueOf(postStratify([thin, ...means, flat], 'absolute')).strata).toBe(3);
  });

  it('says why there is no result', () => {
    const flat = { control: fromSummary(8, 9, 0), treatment: fromSummary(8, 10, 0) };
    expect(postStratify([flat], 'absolute')).toEqual({ ok: false, reason: 'zero_variance' });
    const zero = { control: fromSummary(8, 0, 1), treatment: fromSummary(8, 1, 1) };
    expect(postStratify([zero], 'relative')).toEqual({ ok: false, reason: 'zero_baseline' });
    expect(postStratify([zero], 'absolute').ok).toBe(true);
    const broken = { ...zero, control: { ...zero.control, n: NaN } };
    expect(postStratify([broken], 'absolute')).toEqual({ ok: false, reason: 'not_finite' });
  });
});

describe('postStratifyCuped', () => {
  it('is analysis of covariance for one stratum', () => {
    const { control, treatment } = units[1] as (typeof units)[number];
    const fit = ancova({
      y: [...control.y, ...treatment.y],
      treatment: [...control.y.map(() => 0), ...treatment.y.map(() => 1)],
      covariates: [[...control.x, ...treatment.x]],
    });
    if (!fit.ok) throw new Error(fit.reason);
    const result = valueOf(postStratifyCuped([adjusted[1] as Stratum], 'absolute'));
    expect(result.estimate).toBeCloseTo(fit.value.estimate, 11);
    expect(result.standardError).toBeCloseTo(fit.value.standardErrors.classical, 11);
  });

  it('is the unadjusted form without a covariate, and more precise with a good one', () => {
    expect(postStratifyCuped(means, 'relative')).toEqual(postStratify(means, 'relative'));
    expect(valueOf(postStratifyCuped(adjusted, 'absolute')).standardError).toBeLessThan(
      0.7 * valueOf(postStratify(means, 'absolute')).standardError,
    );
  });
});

describe('postStratifyRatio', () => {
  it('is the delta method for ratios for one stratum, absolute and relative', () => {
    const [only] = ratios as [Stratum];
    const plain = contrast(only.control, only.treatment, { kind: 'ratio', adjust: false });
    if (!plain.ok) throw new Error(plain.reason);
    const lift = deltaLift(plain.contrast);
    const absolute = valueOf(postStratifyRatio([only], 'absolute'));
    const relative = valueOf(postStratifyRatio([only], 'relative'));
    expect(absolute.estimate).toBeCloseTo(plain.contrast.estimate, 12);
    expect(absolute.standardError).toBeCloseTo(plain.contrast.standardError, 12);
    expect(relative.estimate).toBeCloseTo(lift?.estimate ?? NaN, 12);
    expect(relative.standardError).toBeCloseTo(lift?.standardError ?? NaN, 12);
  });

  it('is nearly the post-stratified mean where the denominator is 1 for every unit', () => {
    const unit = strataOf(({ y }) =>
      fromValues(
        y,
        y.map(() => 1),
      ),
    );
    const mean = valueOf(postStratify(means, 'relative'));
    const ratio = valueOf(postStratifyRatio(unit, 'relative'));
    expect(ratio.estimate).toBeCloseTo(mean.estimate, 12);
    expect(ratio.standardError).toBeCloseTo(mean.standardError, 12);
  });

  it('merges strata without denominators, and has no result where an arm has none at all', () => {
    const none = { control: fromValues([0, 0], [0, 0]), treatment: fromValues([1, 2], [1, 1]) };
    expect(valueOf(postStratifyRatio([...ratios, none], 'absolute')).strata).toBe(3);
    expect(postStratifyRatio([none], 'absolute')).toEqual({ ok: false, reason: 'denominator_zero' });
    const exact = { control: fromValues([1, 2, 3], [1, 2, 3]), treatment: fromValues([2, 4], [1, 2]) };
    expect(postStratifyRatio([exact], 'absolute')).toEqual({ ok: false, reason: 'zero_variance' });
  });
});
