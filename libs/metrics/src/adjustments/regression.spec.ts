import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { contrast } from '../contrast.js';
import { fromValues } from '../moments.js';
import { ancova, linAdjustment } from './regression.js';
import type { RegressionData, RegressionEffect } from './regression.js';
import type { Computed } from '../computed.js';

function valueOf(result: Computed<RegressionEffect>): RegressionEffect {
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function draw(seed: string, n: number, covariates = 2, effect = 0.5): RegressionData & { y: Float64Array } {
  const rng = createRng(seed);
  const treatment = Float64Array.from({ length: n }, (_, i) => (i < 2 ? i : rng.uniform() < 0.4 ? 1 : 0));
  const x = Array.from({ length: covariates }, () => Float64Array.from({ length: n }, () => rng.normal()));
  const y = treatment.map(
    (w, i) => 3 + effect * w + x.reduce((sum, column) => sum + (column[i] as number), 0) + rng.normal(),
  );
  return { y, treatment, covariates: x };
}

const armOf = ({ y, treatment }: RegressionData, arm: number): number[] =>
  Array.from(y).filter((_, i) => treatment[i] === arm);

describe('ancova', () => {
  it('is the difference of means without covariates: HC2 is the unpooled error, classical the pooled one', () => {
    const data = { ...draw('plain', 50), covariates: [] };
    const fit = valueOf(ancova(data));
    const [control, treated] = [fromValues(armOf(data, 0)), fromValues(armOf(data, 1))];
    const plain = contrast(control, treated, { kind: 'mean', adjust: false });
    if (!plain.ok) throw new Error(plain.reason);
    expect(fit.estimate).toBeCloseTo(plain.contrast.estimate, 12);
    expect(fit.standardErrors.hc2).toBeCloseTo(plain.contrast.standardError, 12);
    const pooled = (control.comoment[0] + treated.comoment[0]) / 48;
    expect(fit.standardErrors.classical).toBeCloseTo(Math.sqrt(pooled * (1 / control.n + 1 / treated.n)), 12);
    expect(valueOf(linAdjustment(data))).toEqual(fit);
  });

  it('orders the robust errors as it must, and does not depend on offset or scale of the covariates', () => {
    const data = draw('scale', 60);
    const fit = valueOf(ancova(data));
    const { hc0, hc1, hc2, hc3 } = fit.standardErrors;
    expect(hc0).toBeLessThan(hc2);
    expect(hc2).toBeLessThan(hc3);
    expect(hc1).toBeCloseTo(hc0 * Math.sqrt(60 / fit.df), 12);
    const moved = valueOf(
      ancova({
        ...data,
        y: data.y.map((value) => value + 1e6),
        covariates: data.covariates.map((x, j) => Array.from(x, (value) => 10 ** (4 * j) * value + 1e6)),
      }),
    );
    expect(moved.estimate).toBeCloseTo(fit.estimate, 8);
    expect(moved.standardErrors.hc2).toBeCloseTo(hc2, 8);
  });

  it('leaves out constant and repeated covariates, with the degrees of freedom of those that remain', () => {
    const data = draw('collinear', 40);
    const [x = new Float64Array()] = data.covariates as Float64Array[];
    const extra = [...data.covariates, x.map((value) => 1 - 2 * value), new Float64Array(40).fill(7.7)];
    const fit = valueOf(ancova(data));
    const more = valueOf(ancova({ ...data, covariates: extra }));
    expect(more.redundantCovariates).toEqual([2, 3]);
    expect(more.df).toBe(fit.df);
    expect(more.standardErrors.hc3).toBeCloseTo(fit.standardErrors.hc3, 12);
    expect(valueOf(linAdjustment({ ...data, covariates: extra })).redundantCovariates).toEqual([2, 3]);
  });

  it('says why there is no result', () => {
    const data = draw('reasons', 12);
    const reason = (change: Partial<RegressionData>) => ancova({ ...data, ...change });
    expect(reason({ treatment: new Float64Array(12) })).toEqual({ ok: false, reason: 'insufficient_units' });
    expect(reason({ treatment: [2, ...new Float64Array(11)] })).toEqual({
      ok: false,
      reason: 'invalid_input',
    });
    expect(reason({ covariates: [[1, 2]] })).toEqual({ ok: false, reason: 'invalid_input' });
    expect(reason({ y: data.y.with(3, NaN) })).toEqual({ ok: false, reason: 'not_finite' });
    expect(reason({ y: new Float64Array(12).fill(0.1) })).toEqual({ ok: false, reason: 'zero_variance' });
    const one = Float64Array.from({ length: 12 }, (_, i) => (i === 5 ? 1 : 0));
    expect(reason({ treatment: one })).toEqual({ ok: false, reason: 'insufficient_units' });
    expect(ancova({ y: [], treatment: [], covariates: [] })).toEqual({
      ok: false,
      reason: 'insufficient_units',
    });
  });

  it('tolerates a covariate that singles out one unit: that unit says nothing about the effect', () => {
    const data = draw('dummy', 30);
    const dummy = Float64Array.from({ length: 30 }, (_, i) => (i === 4 ? 1 : 0));
    const without = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, i) => i !== 4);
    const fit = valueOf(ancova({ ...data, covariates: [...data.covariates, dummy] }));
    const rest = valueOf(
      ancova({
        y: without(data.y),
        treatment: without(data.treatment),
        covariates: data.covariates.map(without),
      }),
    );
    expect(fit.estimate).toBeCloseTo(rest.estimate, 12);
    expect(fit.standardErrors.hc2).toBeCloseTo(rest.standardErrors.hc2, 12);
    expect(fit.df).toBe(rest.df);
  });
});

describe('linAdjustment', () => {
  it('is the difference of two regressions, one per arm, at the pooled mean of the covariates', () => {
    const data = draw('arms', 80, 1);
    const x = data.covariates[0] as Float64Array;
    const grand = x.reduce((a, b) => a + b, 0) / 80;
    const prediction = (arm: number): number => {
      const own = fromValues(
        armOf(data, arm),
        undefined,
        Array.from(x).filter((_, i) => data.treatment[i] === arm),
      );
      return own.mean[0] + (own.comoment[4] / own.comoment[2]) * (grand - own.mean[2]);
    };
    expect(valueOf(linAdjustment(data)).estimate).toBeCloseTo(prediction(1) - prediction(0), 12);
  });
});
