import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BayesianEvidence, Effect, EstimateOptions, Estimator, Moments } from '../contract.js';
import { fromCounts } from '../moments.js';

/** Numbers with two decimals, as data have them; the fuzz test below covers what is stranger. */
const decimal = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min, max }).map((cents) => cents / 100);

/** Moments that data could have: positive semi-definite co-moments from a random triangular factor. */
export const plausibleMoments: fc.Arbitrary<Moments> = fc
  .record({
    n: fc.integer({ min: 100, max: 1_000_000 }),
    mean: fc.tuple(decimal(-1e6, 1e6), decimal(10, 10_000), decimal(-1e5, 1e5)),
    factor: fc.array(decimal(-10_000, 10_000), { minLength: 6, maxLength: 6 }),
  })
  .map(({ n, mean, factor }): Moments => {
    const [a, b, c, d, e, f] = factor as [number, number, number, number, number, number];
    const k = n - 1;
    return {
      n,
      mean,
      nonZero: n,
      comoment: [
        k * a * a,
        k * (b * b + c * c),
        k * (d * d + e * e + f * f),
        k * a * b,
        k * a * d,
        k * (b * d + c * e),
      ],
    };
  });

/** Whatever a broken pipeline may hand over. */
const wildNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE, 1e-300, 2 ** 53),
);
const wildMoments: fc.Arbitrary<Moments> = fc.record({
  n: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1e9 }), wildNumber),
  mean: fc.tuple(wildNumber, wildNumber, wildNumber),
  comoment: fc.tuple(wildNumber, wildNumber, wildNumber, wildNumber, wildNumber, wildNumber),
});

const kinds = fc.constantFrom<EstimateOptions['kind'][]>('mean', 'ratio');
const anyKind = fc.constantFrom<EstimateOptions['kind'][]>('mean', 'proportion', 'ratio', 'retention');
const alphas = fc.double({ min: 0.001, max: 0.3, noNaN: true });

/** Every number in a result, however deep. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(numbersIn);
  return [];
}

/** Asks `expect` for what is wrong alone: in the fuzz test it would take most of the time. */
function expectFinite(value: unknown): void {
  const odd = numbersIn(value).filter((number) => !Number.isFinite(number));
  if (odd.length > 0) expect(odd).toEqual([]);
}

function excludesZero(interval: Effect['interval']): boolean | null {
  if (!interval || interval.lower === null || interval.upper === null) return null;
  return interval.lower > 0 || interval.upper < 0;
}

function scaled(m: Moments, factor: number): Moments {
  const [yy, dd, xx, yd, yx, dx] = m.comoment;
  return {
    ...m,
    mean: [m.mean[0] * factor, m.mean[1], m.mean[2]],
    comoment: [yy * factor * factor, dd, xx, yd * factor, yx * factor, dx],
  };
}

function expectClose(
  got: number | null | undefined,
  want: number | null | undefined,
  tolerance = 1e-7,
): void {
  if (typeof got !== 'number' || typeof want !== 'number') return expect(got ?? null).toBe(want ?? null);
  expect(Math.abs(got - want)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(want), 1e-9));
}

/** Two-sided error at which the interval would touch zero: the p-value, or the smaller tail of a posterior twice. */
export function twoSidedTail(effect: Effect): number | undefined {
  if (!effect.evidence) return undefined;
  const { kind, value } = effect.evidence;
  return kind === 'probability-better' ? 2 * Math.min(value, 1 - value) : value;
}

/** Its logarithm; of a posterior from the interval, whose ends keep the digits that 1 - P loses. */
function logTail(effect: Effect): number | undefined {
  if (effect.evidence?.kind !== 'probability-better') return effect.evidence?.logValue;
  return Math.abs((effect.estimate ?? NaN) / (effect.standardError ?? NaN));
}

/** The estimator with the options that it cannot do without (a plan of looks). */
export function withOptions(estimator: Estimator, extra: Partial<EstimateOptions>): Estimator {
  // Simulations ask a million times with the same options, and putting them together took as long as the answer.
  const known = new WeakMap<EstimateOptions, EstimateOptions>();
  const whole = (options: EstimateOptions): EstimateOptions => {
    const found = known.get(options);
    if (found) return found;
    const made = { ...extra, ...options };
    known.set(options, made);
    return made;
  };
  return {
    ...estimator,
    compare: (a, b, options) => estimator.compare(a, b, whole(options)),
    nonInferiority: (a, b, options) => estimator.nonInferiority(a, b, { ...extra, ...options }),
    halfWidth: (sizes, options) => estimator.halfWidth(sizes, { ...extra, ...options }),
  };
}

/** What every estimator has to satisfy, whatever its method. */
export function describeEstimatorContract(estimator: Estimator): void {
  describe(`estimator contract: ${estimator.key}`, () => {
    itIsDual(estimator);
    itIsEquivariant(estimator);
    itComparesShares(estimator);
    itSurvivesAnything(estimator);
    itTestsMargins(estimator);
  });
}

function itIsDual(estimator: Estimator): void {
  it('rejects exactly when its interval, and the lift interval, exclude zero', () => {
    fc.assert(
      fc.property(
        plausibleMoments,
        plausibleMoments,
        kinds,
        alphas,
        fc.boolean(),
        (a, b, kind, alpha, adjust) => {
          const effect = estimator.compare(a, b, { alpha, kind, adjust });
          const p = twoSidedTail(effect);
          if (effect.status !== 'ok' || p === undefined || Math.abs(p - alpha) < 1e-9) return;
          expect(excludesZero(effect.interval)).toBe(p < alpha);
          if (effect.relative.status === 'ok') expect(excludesZero(effect.relative.interval)).toBe(p < alpha);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('gives a wider interval for a smaller error, around the same estimate', () => {
    fc.assert(
      fc.property(plausibleMoments, plausibleMoments, kinds, (a, b, kind) => {
        const at = (alpha: number) => estimator.compare(a, b, { alpha, kind, adjust: false });
        const [wide, narrow] = [at(0.01), at(0.1)];
        if (wide.status !== 'ok' || narrow.status !== 'ok') return;
        expect(wide.estimate).toBe(narrow.estimate);
        expect(wide.interval?.upper ?? 0).toBeGreaterThanOrEqual(narrow.interval?.upper ?? Infinity);
        expect(wide.interval?.level).toBeCloseTo(0.99, 12);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('states for power calculations the half-width that it uses', () => {
    fc.assert(
      fc.property(plausibleMoments, plausibleMoments, alphas, (a, b, alpha) => {
        const effect = estimator.compare(a, b, { alpha, kind: 'mean', adjust: false });
        const stated = estimator.halfWidth({ control: a.n, treatment: b.n }, { alpha });
        if (effect.status !== 'ok' || stated === null) return;
        const used =
          ((effect.interval?.upper ?? NaN) - (effect.estimate ?? NaN)) / (effect.standardError ?? NaN);
        expect(Math.abs(used / stated - 1)).toBeLessThan(0.06);
      }),
      { numRuns: 100, seed: 3 },
    );
  });
}

function itIsEquivariant(estimator: Estimator): void {
  it('mirrors the effect when the arms are swapped', () => {
    fc.assert(
      fc.property(plausibleMoments, plausibleMoments, kinds, fc.boolean(), (a, b, kind, adjust) => {
        const options = { alpha: 0.05, kind, adjust };
        const one = estimator.compare(a, b, options);
        const other = estimator.compare(b, a, options);
        expect(other.status).toBe(one.status);
        if (one.status !== 'ok' || one.estimate === null) return;
        expectClose(other.estimate, -one.estimate, 1e-6);
        expectClose(logTail(other), logTail(one), 1e-6);
        expectClose(other.interval?.lower, -(one.interval?.upper ?? 0), 1e-6);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('follows the unit of measure: the difference scales, p and lift do not; the lift keeps the sign of the difference', () => {
    fc.assert(
      fc.property(
        plausibleMoments,
        plausibleMoments,
        kinds,
        fc.constantFrom(60, 1 / 60, 1e6, -3),
        (a, b, kind, factor) => {
          const options = { alpha: 0.05, kind, adjust: true };
          const one = estimator.compare(a, b, options);
          const other = estimator.compare(scaled(a, factor), scaled(b, factor), options);
          expect(other.status).toBe(one.status);
          if (one.status !== 'ok' || one.estimate === null) return;
          expectClose(other.estimate, one.estimate * factor, 1e-6);
          expectClose(other.standardError, (one.standardError ?? 0) * Math.abs(factor), 1e-6);
          expectClose(logTail(other), logTail(one), 1e-6);
          expectClose(other.relative.estimate, (one.relative.estimate ?? 0) * Math.sign(factor), 1e-6);
          if (one.relative.estimate !== null)
            expect(Math.sign(one.relative.estimate)).toBe(Math.sign(one.estimate));
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  it('is the same whether the data came in one piece or many', () => {
    const whole: Moments = { n: 4000, mean: [3, 1, 0], comoment: [9000, 0, 0, 0, 0, 0], nonZero: 4000 };
    const other: Moments = { ...whole, mean: [3.2, 1, 0] };
    const effect = estimator.compare(whole, other, { alpha: 0.05, kind: 'mean', adjust: true });
    expect(effect).toMatchObject({
      status: 'ok',
      adjusted: false,
      control: { n: 4000, mean: 3 },
      treatment: { n: 4000, mean: 3.2 },
      estimator: estimator.key,
    });
  });
}

function expectPosterior({ probabilityBetter, expectedLoss, probabilityEquivalent }: BayesianEvidence): void {
  for (const share of [probabilityBetter, probabilityEquivalent ?? 0])
    expect(share >= 0 && share <= 1).toBe(true);
  expect(expectedLoss).toBeGreaterThanOrEqual(0);
}

function itComparesShares(estimator: Estimator): void {
  const arm = fc
    .record({ n: fc.integer({ min: 100, max: 20_000 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ n, share }) => fromCounts(n, Math.round(n * share)));

  it('rejects equal shares exactly when the intervals exclude zero, and alike when the arms are swapped', () => {
    fc.assert(
      fc.property(arm, arm, alphas, (a, b, alpha) => {
        const options = { alpha, kind: 'proportion', adjust: false } as const;
        const effect = estimator.compare(a, b, options);
        const p = twoSidedTail(effect);
        const swapped = estimator.compare(b, a, options);
        expect(swapped.status).toBe(effect.status);
        if (effect.status !== 'ok' || p === undefined || Math.abs(p - alpha) < 1e-9) return;
        expect(excludesZero(effect.interval)).toBe(p < alpha);
        if (effect.relative.status === 'ok') expect(excludesZero(effect.relative.interval)).toBe(p < alpha);
        expectClose(logTail(swapped), logTail(effect), 1e-6);
        expectClose(swapped.interval?.lower, -(effect.interval?.upper ?? 0), 1e-6);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('sees no difference between equal arms', () => {
    const same = estimator.compare(fromCounts(5000, 700), fromCounts(5000, 700), {
      alpha: 0.05,
      kind: 'proportion',
      adjust: true,
    });
    expect(same).toMatchObject({ status: 'ok', estimate: 0, relative: { estimate: 0 } });
    expect(twoSidedTail(same)).toBeCloseTo(1, 12);
    expect(same.interval?.lower).toBeCloseTo(-(same.interval?.upper ?? NaN), 9);
  });
}

function itSurvivesAnything(estimator: Estimator): void {
  it('never throws and lets no NaN or infinity out, whatever the moments and options', () => {
    fc.assert(
      fc.property(
        wildMoments,
        wildMoments,
        anyKind,
        fc.oneof(alphas, wildNumber),
        fc.boolean(),
        (a, b, kind, alpha, adjust) => {
          const effect = estimator.compare(a, b, { alpha, kind, adjust });
          const computed = { ...effect, control: effect.control.mean, treatment: effect.treatment.mean };
          expectFinite(computed);
          if (effect.status === 'undefined') expect(effect.reason).toBeTruthy();
          if (effect.evidence) expect(effect.evidence.value >= 0 && effect.evidence.value <= 1).toBe(true);
          if (effect.bayes) expectPosterior(effect.bayes);
          const guard = estimator.nonInferiority(a, b, {
            alpha,
            kind,
            adjust,
            margin: 0.05,
            betterWhen: 'lower',
          });
          expectFinite(guard);
          if (guard.status === 'undefined') expect(guard.holds).toBe(false);
        },
      ),
      { numRuns: 2000, seed: 6 },
    );
  });

  it('says why it has no answer', () => {
    const empty: Moments = { n: 0, mean: [0, 0, 0], comoment: [0, 0, 0, 0, 0, 0] };
    const constant: Moments = { n: 500, mean: [1, 1, 0], comoment: [0, 0, 0, 0, 0, 0] };
    const options = { alpha: 0.05, kind: 'mean', adjust: true } as const;
    expect(estimator.compare(empty, constant, options)).toMatchObject({
      status: 'undefined',
      reason: 'insufficient_units',
    });
    expect(estimator.compare(constant, constant, options)).toMatchObject({
      status: 'undefined',
      reason: 'zero_variance',
    });
    const spread: Moments = { ...constant, mean: [0, 0, 0], comoment: [100, 0, 0, 0, 0, 0], nonZero: 50 };
    expect(estimator.compare(spread, spread, { ...options, kind: 'ratio' })).toMatchObject({
      status: 'undefined',
      reason: 'denominator_zero',
    });
    const noBaseline = estimator.compare(spread, { ...spread, mean: [1, 0, 0] }, options);
    expect(noBaseline).toMatchObject({
      status: 'ok',
      relative: { status: 'undefined', reason: 'zero_baseline' },
    });
    const unclear = estimator.compare(
      { ...spread, mean: [0.001, 0, 0] },
      { ...spread, mean: [1, 0, 0] },
      options,
    );
    expect(unclear.relative).toMatchObject({ status: 'unbounded', interval: { lower: null, upper: null } });
    expect(estimator.compare(spread, spread, { ...options, alpha: 0 })).toMatchObject({
      status: 'undefined',
      reason: 'invalid_alpha',
    });
  });
}

function itTestsMargins(estimator: Estimator): void {
  const arm = (mean: number, n = 20_000): Moments => ({
    n,
    mean: [mean, 1, 0],
    comoment: [(n - 1) * 4, 0, 0, 0, 0, 0],
    nonZero: n,
  });
  const options = { alpha: 0.05, kind: 'mean', adjust: false } as const;

  it('accepts a guardrail within its margin and never one beyond it', () => {
    const test = (control: number, treatment: number, betterWhen: 'higher' | 'lower') =>
      estimator.nonInferiority(arm(control), arm(treatment), { ...options, margin: 0.05, betterWhen });
    expect(test(10, 9.9, 'higher')).toMatchObject({ status: 'ok', holds: true });
    expect(test(10, 9.5, 'higher').holds).toBe(false);
    expect(test(10, 9.3, 'higher').holds).toBe(false);
    expect(test(10, 10.1, 'lower').holds).toBe(true);
    expect(test(10, 10.6, 'lower').holds).toBe(false);
    expect(test(-10, -10.1, 'higher').holds).toBe(true);
    expect(test(-10, -10.6, 'higher').holds).toBe(false);
  });

  it('holds more easily the wider the margin', () => {
    const p = [0, 0.01, 0.02, 0.05, 0.2].map(
      (margin) =>
        estimator.nonInferiority(arm(10, 2000), arm(9.95, 2000), { ...options, margin, betterWhen: 'higher' })
          .pValue ?? NaN,
    );
    expect([...p].sort((x, y) => y - x)).toEqual(p);
  });
}
