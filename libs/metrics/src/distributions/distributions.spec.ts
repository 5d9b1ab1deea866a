import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  betaCdf,
  betaQuantile,
  binomialCdf,
  chiSquareSf,
  logBeta,
  logGamma,
  normalCdf,
  normalLogSf,
  normalQuantile,
  normalSf,
  poissonCdf,
  studentTLogSf,
  studentTQuantile,
  studentTSf,
} from './index.js';

/** Golden values: R 4.2.2 pnorm, pt, qt, pchisq, pbeta, pbinom, ppois and mpmath 1.2.1, as printed there. */
function expectRelative(got: number, want: number, tolerance = 1e-11): void {
  expect(Math.abs(got / want - 1)).toBeLessThan(tolerance);
}

describe('normal law', () => {
  it('keeps its relative digits 37 standard deviations out', () => {
    expectRelative(normalSf(5), 2.866515718791939e-7);
    expectRelative(normalSf(12), 1.776482112077679e-33);
    expectRelative(normalSf(37), 5.725571222524e-300);
    expectRelative(normalLogSf(100), -5005.524208694205);
    expectRelative(normalCdf(-8.3), 5.205569744890254e-17);
  });

  it('inverts: quantile and tail are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.double({ min: -300, max: -0.302, noNaN: true }), (exponent) => {
        const p = 10 ** exponent;
        expectRelative(normalSf(-normalQuantile(p)), p, 1e-9);
      }),
    );
  });

  it('is symmetric and ordered, and knows its ends', () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0)).toBe(-Infinity);
    expect(normalQuantile(1)).toBe(Infinity);
    expect(normalQuantile(1.5)).toBeNaN();
    expect(normalCdf(0.3) + normalSf(0.3)).toBeCloseTo(1, 15);
    expectRelative(normalQuantile(0.975), 1.959963984540054);
  });
});

describe("Student's t", () => {
  it('agrees with R, also in the tails and for fractional degrees of freedom', () => {
    expectRelative(studentTSf(2.5, 3.7), 0.03591101145591339, 1e-10);
    expectRelative(studentTSf(1000, 3.7), 1.7336713169917685e-11, 1e-10);
    expectRelative(studentTSf(30, 1e6), 6.010047116832059e-198, 1e-9);
    expectRelative(studentTQuantile(0.975, 1.3), 7.500529325562029, 1e-10);
  });

  it('has closed forms at 1 and 2 degrees of freedom', () => {
    for (const t of [0.01, 0.7, 3, 250]) {
      expectRelative(studentTSf(t, 1), Math.atan2(1, t) / Math.PI, 1e-12);
      expectRelative(studentTSf(t, 2), 1 / (Math.sqrt(t * t + 2) * (Math.sqrt(t * t + 2) + t)), 1e-12);
    }
  });

  it('changes method at 3000 degrees of freedom without a step, and ends in the normal law', () => {
    for (const t of [0.1, 1, 1.96, 5, 12, 25])
      expectRelative(studentTSf(t, 2999.999_999_99), studentTSf(t, 3000), 1e-10);
    for (const t of [0.1, 1, 5, 12]) expectRelative(studentTSf(t, 1e12), normalSf(t), 1e-8);
  });

  it('inverts for any probability and degrees of freedom', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }),
        fc.double({ min: 1, max: 1e7, noNaN: true }),
        (p, df) => {
          const t = studentTQuantile(p, df);
          const back = t < 0 ? studentTSf(-t, df) : 1 - studentTSf(t, df);
          expect(Math.abs(back - p)).toBeLessThan(1e-9 * Math.min(1, p * 1e3));
        },
      ),
    );
  });

  it('never turns an overflow into NaN', () => {
    expect(studentTLogSf(1e200, 5)).toBe(-Infinity);
    expect(studentTSf(-1e200, 5)).toBe(1);
  });
});

describe('chi-square, beta, binomial, Poisson, gamma', () => {
  it('agrees with R', () => {
    expectRelative(chiSquareSf(1200, 1), 6.099568814808675e-263, 1e-9);
    expectRelative(chiSquareSf(900, 7), 4.801227624336715e-190, 1e-9);
    expect(chiSquareSf(0, 3)).toBe(1);
    expectRelative(betaCdf(0.02, 51, 951), 3.0606861617181976e-9, 1e-9);
    expectRelative(betaQuantile(1e-6, 0.5, 12.5), 6.41007994816357e-14, 1e-9);
    expectRelative(binomialCdf(3, 40, 0.07), 0.6936868221021132, 1e-11);
    expectRelative(poissonCdf(3, 12.5), 0.001554557843011069, 1e-11);
  });

  it('satisfies the recurrences of the gamma and beta functions', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        (a, b) => {
          expect(Math.abs(logGamma(a + 1) - logGamma(a) - Math.log(a))).toBeLessThan(
            1e-14 * Math.max(10, Math.abs(logGamma(a))) * 4,
          );
          const step = logBeta(a + 1, b) - logBeta(a, b);
          expect(Math.abs(step - Math.log(a / (a + b)))).toBeLessThan(
            1e-13 * Math.max(10, Math.abs(logBeta(a, b))),
          );
        },
      ),
    );
  });
});
