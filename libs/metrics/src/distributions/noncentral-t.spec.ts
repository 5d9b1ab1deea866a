import { describe, expect, it } from '@jest/globals';
import { illinoisRoot } from './illinois.js';
import { noncentralTLogSf, noncentralTSf } from './noncentral-t.js';
import { normalLogSf, normalSf } from './normal.js';
import { gammaCorrection } from './stirling.js';
import { studentTLogSf } from './student-t.js';

/** With 2 degrees of freedom chi-square / 2 is exponential: the tail as one integral over s = sqrt of it. */
function tailWithTwoDf(t: number, ncp: number): number {
  const steps = 20_000;
  const h = 7 / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const s = i * h;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * 2 * s * Math.exp(-s * s) * normalSf(t * s - ncp);
  }
  return (sum * h) / 3;
}

describe('noncentral t', () => {
  it('is the mean of normal tails over the chi law (brute force at 2 degrees of freedom)', () => {
    for (const [t, ncp] of [
      [1, 0.5],
      [4.3, 3],
      [2, -2],
      [0.3, 6],
      [10, 1],
      [-1, 0.7],
      [-3, -2],
    ] as const) {
      expect(noncentralTSf(t, 2, ncp) / tailWithTwoDf(t, ncp)).toBeCloseTo(1, 9);
    }
  });

  it('is central at ncp 0, and continuous there', () => {
    for (const df of [0.5, 1, 7.3, 200, 1e6]) {
      expect(noncentralTLogSf(2.5, df, 0)).toBe(studentTLogSf(2.5, df));
      expect(noncentralTLogSf(2.5, df, 1e-13)).toBeCloseTo(studentTLogSf(2.5, df), 10);
      expect(noncentralTLogSf(30, df, -1e-13) / studentTLogSf(30, df)).toBeCloseTo(1, 10);
    }
  });

  it('tends to the shifted normal law, and has P(T > 0) = Phi(ncp) at any degrees of freedom', () => {
    for (const df of [1, 30, 1e8, 1e13]) expect(noncentralTSf(0, df, 1.3)).toBeCloseTo(normalSf(-1.3), 14);
    expect(noncentralTLogSf(2, 1e11, -9) / normalLogSf(11)).toBeCloseTo(1, 8);
    expect(noncentralTLogSf(2, 1e13, -9)).toBe(normalLogSf(11));
  });

  it('is symmetric: P(T > t) with ncp and P(T < -t) with -ncp', () => {
    for (const [t, df, ncp] of [
      [1.5, 4, 2],
      [0.4, 11.5, -1],
      [2, 90, 2.5],
    ] as const) {
      expect(noncentralTSf(t, df, ncp) + noncentralTSf(-t, df, -ncp)).toBeCloseTo(1, 12);
    }
  });

  it('falls in t, rises in ncp, and keeps the digits of tails that a difference would lose', () => {
    let before = 0;
    for (let t = 0.5; t < 60; t *= 1.3) {
      const now = noncentralTLogSf(t, 3, -20);
      expect(now).toBeLessThan(before);
      before = now;
    }
    expect(before).toBeLessThan(-200);
    for (let ncp = -5; ncp < 5; ncp++) {
      expect(noncentralTLogSf(2, 9, ncp)).toBeLessThan(noncentralTLogSf(2, 9, ncp + 1));
    }
  });

  it('is not a number where it is not defined', () => {
    expect(noncentralTSf(1, 0, 1)).toBeNaN();
    expect(noncentralTSf(NaN, 3, 1)).toBeNaN();
    expect(noncentralTSf(1, 3, Infinity)).toBeNaN();
  });
});

describe('numerics behind the laws', () => {
  it('correct Stirling below and above 10 alike', () => {
    for (const x of [0.01, 0.7, 3, 9.9, 9.9999999]) {
      // log Gamma(x + 1) = log x + log Gamma(x), in terms of the corrections.
      const step = (x + 0.5) * Math.log1p(1 / x) - 1;
      expect(gammaCorrection(x) - gammaCorrection(x + 1)).toBeCloseTo(step, 12);
    }
    expect(gammaCorrection(1e6)).toBeCloseTo(1 / 12e6, 18);
  });

  it('finds roots, ends included, and says when there is none', () => {
    expect(illinoisRoot((x) => x ** 3 - 2, 0, 5)).toBeCloseTo(Math.cbrt(2), 13);
    expect(illinoisRoot((x) => Math.exp(x) - 1e-5, 3, -40)).toBeCloseTo(Math.log(1e-5), 10);
    expect(illinoisRoot((x) => x - 1, 1, 2)).toBe(1);
    expect(illinoisRoot((x) => x - 2, 1, 2)).toBe(2);
    expect(illinoisRoot((x) => x + 1, 1, 2)).toBeNaN();
  });
});
