import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Outcome } from '../inference/outcome.js';
import {
  coxRegression,
  kaplanMeier,
  logRankTest,
  medianSurvival,
  restrictedMeanDifference,
  survivalAt,
  survivalDifferenceAt,
  survivalInterval,
} from './index.js';
import type { FollowUp, SurvivalCurve } from './index.js';

function okay<T>(outcome: Outcome<T>): T {
  if (outcome.status !== 'ok') throw new Error(outcome.reason);
  return outcome;
}

/** Follow-up from times, negative ones censored. */
const followed = (times: readonly number[]): FollowUp => ({
  time: times.map(Math.abs),
  event: times.map((t) => (t > 0 ? 1 : 0)),
});

/** Freireich et al. 1963: weeks of remission of acute leukaemia. */
const PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
const DRUG = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
const LEUKAEMIA = followed([...PLACEBO, ...DRUG]);
const TREATED = [...PLACEBO.map(() => 0), ...DRUG.map(() => 1)];

/** Random follow-up of n units in two arms, in whole days, with ties and censoring. */
function simulated(name: string, n: number, rate: number, effect = 1) {
  const rng = createRng(name);
  const treated = Array.from({ length: n }, (_, i) => i % 2);
  const time: number[] = [];
  const event: number[] = [];
  for (const arm of treated) {
    const failure = -Math.log(1 - rng.uniform()) / (rate * (arm ? effect : 1));
    const censoring = 1 + 40 * rng.uniform();
    time.push(Math.ceil(Math.min(failure, censoring)));
    event.push(failure <= censoring ? 1 : 0);
  }
  return { follow: { time, event }, treated, x: treated.map(() => rng.normal()) };
}

describe('Kaplan-Meier', () => {
  const drug = okay(kaplanMeier(LEUKAEMIA, (unit) => TREATED[unit] === 1)).curve;
  const placebo = okay(kaplanMeier(LEUKAEMIA, (unit) => TREATED[unit] === 0)).curve;

  it('reproduces the published curve and medians of the leukaemia trial', () => {
    expect(drug.time).toEqual([6, 7, 10, 13, 16, 22, 23]);
    expect(drug.atRisk).toEqual([21, 17, 15, 12, 11, 7, 6]);
    [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448].forEach((s, i) =>
      expect(drug.survival[i]).toBeCloseTo(s, 3),
    );
    expect(drug.standardError[0]).toBeCloseTo(0.0764, 4);
    expect(medianSurvival(drug, 0.05).median).toBe(23);
    expect(medianSurvival(placebo, 0.05).median).toBe(8);
  });

  it('is the share still going, with its binomial error, where nobody is censored', () => {
    placebo.time.forEach((t, i) => {
      const share = PLACEBO.filter((x) => x > t).length / PLACEBO.length;
      expect(placebo.survival[i]).toBeCloseTo(share, 12);
      const error = placebo.standardError[i];
      if (share === 0) expect(error).toBeNull();
      else expect(error).toBeCloseTo(Math.sqrt((share * (1 - share)) / PLACEBO.length), 12);
    });
  });

  it('steps at event times, counts units censored then as at risk, and carries the last value on', () => {
    const { curve } = okay(kaplanMeier(followed([3, -3, 5, -8])));
    expect(curve.atRisk).toEqual([4, 2]);
    expect([0, 2.999, 3, 4, 5, 100].map((t) => survivalAt(curve, t).survival)).toEqual([
      1, 1, 0.75, 0.75, 0.375, 0.375,
    ]);
    expect(curve.lastTime).toBe(8);
  });

  it('takes the middle of a stretch at one half, to the end of follow-up if it stays there', () => {
    const median = (times: number[]): number | null =>
      medianSurvival(okay(kaplanMeier(followed(times))).curve, 0.05).median;
    expect(median([1, 2, 3, 4])).toBe(2.5);
    expect(median([1, 2, 4, 7, 9, 20])).toBe(5.5);
    expect(median([1, 2, -3, -6])).toBe(4);
    expect(median([1, -2, -3])).toBeNull();
    expect(median([1, 2, 3])).toBe(2);
  });

  it('has intervals on three scales that agree to first order, within [0, 1]', () => {
    const { curve } = okay(kaplanMeier(simulated('km', 4000, 0.05).follow));
    const point = survivalAt(curve, 12);
    const [plain, log, logLog] = (['plain', 'log', 'log-log'] as const).map((scale) =>
      survivalInterval(point, 0.05, scale),
    );
    for (const other of [log, logLog]) {
      expect(Math.abs((other?.[0] as number) - (plain?.[0] as number))).toBeLessThan(0.001);
      expect(Math.abs((other?.[1] as number) - (plain?.[1] as number))).toBeLessThan(0.001);
    }
    expect(survivalInterval({ survival: 0.98, standardError: 0.1 }, 0.05, 'plain')[1]).toBe(1);
    expect(survivalInterval({ survival: 1, standardError: 0 }, 0.05, 'log')).toEqual([1, 1]);
    expect(survivalInterval({ survival: 1, standardError: 0 }, 0.05, 'log-log')).toEqual([null, null]);
    expect(survivalInterval({ survival: 0, standardError: null }, 0.05, 'plain')).toEqual([null, null]);
  });

  it('answers without events and says why it does not', () => {
    const { curve } = okay(kaplanMeier(followed([-3, -5])));
    expect([curve.time, curve.survival]).toEqual([[], []]);
    expect(medianSurvival(curve, 0.05)).toEqual({ median: null, lower: null, upper: null });
    expect(kaplanMeier({ time: [], event: [] })).toMatchObject({ reason: 'insufficient_units' });
    expect(kaplanMeier({ time: [NaN], event: [1] })).toMatchObject({ reason: 'invalid_input' });
    expect(kaplanMeier({ time: [1], event: [] })).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('log-rank test', () => {
  it('reproduces the leukaemia trial: chi-square 16.79', () => {
    const result = okay(logRankTest(LEUKAEMIA, TREATED));
    expect(result.chi2).toBeCloseTo(16.79, 2);
    expect(result.observed).toEqual([21, 9]);
    expect(result.expected[0]).toBeCloseTo(10.75, 2);
    expect(result.expected[1]).toBeCloseTo(19.25, 2);
    expect(result.df).toBe(1);
  });

  it('expects as many events as it observes, whatever the weights, groups and strata', () => {
    const { follow } = simulated('lr', 200, 0.05);
    const time = Array.from(follow.time);
    for (const rho of [0, 1, 0.5]) {
      const group = time.map((_, i) => [5, -1, 2, 9][i % 4] as number);
      const stratum = time.map((_, i) => i % 3);
      const result = okay(logRankTest(follow, group, { rho, stratum }));
      const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
      expect(total(result.expected)).toBeCloseTo(total(result.observed), 9);
      expect(result.df).toBe(3);
    }
  });

  it('does not depend on the labels, their order, the unit of time, or a stratum that all share', () => {
    const { follow, treated } = simulated('lr2', 150, 0.06, 0.7);
    const one = okay(logRankTest(follow, treated)).chi2;
    const swapped = treated.map((arm) => 7 - 3 * arm);
    expect(okay(logRankTest(follow, swapped)).chi2).toBeCloseTo(one, 10);
    const hours = { time: Array.from(follow.time, (t) => 24 * t), event: follow.event };
    expect(okay(logRankTest(hours, treated)).chi2).toBeCloseTo(one, 10);
    expect(okay(logRankTest(follow, treated, { stratum: treated.map(() => 4) })).chi2).toBeCloseTo(one, 10);
  });

  it('is the score test of Cox where no times are tied, and the Mantel-Haenszel sum by hand', () => {
    const { follow, treated, x } = simulated('lr3', 120, 0.05, 0.6);
    const untied = { time: Array.from(follow.time, (t, i) => t + i / 1000), event: follow.event };
    const cox = okay(coxRegression(untied, treated, { alpha: 0.05 }));
    expect(okay(logRankTest(untied, treated)).chi2).toBeCloseTo(cox.scoreChi2, 8);
    expect(x).toHaveLength(120);
    // Two events at t = 1 of (2, 2) at risk, none later: O - E = 1 and V = 2 * 1/4 * 2/3.
    const tiny = okay(logRankTest(followed([1, 1, -2, -2]), [0, 0, 1, 1]));
    expect(tiny.chi2).toBeCloseTo(3, 12);
  });

  it('answers with an arm without events, and says why it does not', () => {
    expect(okay(logRankTest(followed([1, 2, -3, -4]), [0, 0, 1, 1])).observed).toEqual([2, 0]);
    expect(logRankTest(followed([-1, -2]), [0, 1])).toMatchObject({ reason: 'no_events' });
    expect(logRankTest(followed([1, 2]), [1, 1])).toMatchObject({ reason: 'insufficient_units' });
    expect(logRankTest(followed([-1, 2, 3]), [0, 1, 1])).toMatchObject({ reason: 'zero_variance' });
    expect(logRankTest(followed([1, 2]), [0, 1], { stratum: [0, 1] })).toMatchObject({
      reason: 'zero_variance',
    });
    expect(logRankTest(followed([1, 2]), [0])).toMatchObject({ reason: 'invalid_input' });
  });

  it('drops a group that is never at risk when something happens', () => {
    const result = okay(logRankTest(followed([-1, -1, 2, 3, 4, 5]), [7, 7, 0, 1, 0, 1]));
    expect(result.df).toBe(1);
    expect(result.chi2).toBeCloseTo(okay(logRankTest(followed([2, 3, 4, 5]), [0, 1, 0, 1])).chi2, 12);
  });
});

describe('Cox regression', () => {
  it('reproduces the leukaemia trial: 1.509 (0.410) with Breslow ties, 1.572 (0.412) with Efron', () => {
    const breslow = okay(coxRegression(LEUKAEMIA, TREATED, { alpha: 0.05, ties: 'breslow' }));
    expect(breslow.logHazardRatio).toBeCloseTo(-1.509, 3);
    expect(breslow.standardError).toBeCloseTo(0.41, 3);
    const efron = okay(coxRegression(LEUKAEMIA, TREATED, { alpha: 0.05 }));
    expect(efron.logHazardRatio).toBeCloseTo(-1.572, 3);
    expect(efron.standardError).toBeCloseTo(0.412, 3);
  });

  /** Log partial likelihood of one binary column by its definition, one event at a time. */
  function naive(follow: FollowUp, z: readonly number[], beta: number, efron: boolean): number {
    const weight = (unit: number): number => Math.exp(beta * (z[unit] as number));
    const units = z.map((_, i) => i);
    let log = 0;
    for (const t of new Set(Array.from(follow.time))) {
      const failing = units.filter((i) => follow.time[i] === t && follow.event[i] === 1);
      const all = units.filter((i) => (follow.time[i] as number) >= t).reduce((s, i) => s + weight(i), 0);
      const gone = failing.reduce((s, i) => s + weight(i), 0);
      failing.forEach((i, l) => {
        log += beta * (z[i] as number) - Math.log(all - (efron ? (l / failing.length) * gone : 0));
      });
    }
    return log;
  }

  it('maximises the partial likelihood with the curvature it reports (brute force)', () => {
    const { follow, treated } = simulated('cox', 90, 0.08, 0.6);
    for (const ties of ['efron', 'breslow'] as const) {
      const fit = okay(coxRegression(follow, treated, { alpha: 0.05, ties }));
      const log = (beta: number): number => naive(follow, treated, beta, ties === 'efron');
      const b = fit.logHazardRatio;
      expect(fit.logLikelihood).toBeCloseTo(log(b), 9);
      expect(fit.logLikelihoodNull).toBeCloseTo(log(0), 9);
      const h = 1e-3;
      expect((log(b + h) - log(b - h)) / (2 * h)).toBeCloseTo(0, 4);
      const curvature = (2 * log(b) - log(b + h) - log(b - h)) / (h * h);
      expect(1 / Math.sqrt(curvature)).toBeCloseTo(fit.standardError, 4);
    }
  });

  it('mirrors when the arms are swapped, and does not depend on the scale of a covariate', () => {
    const { follow, treated, x } = simulated('cox2', 300, 0.08, 0.6);
    const one = okay(coxRegression(follow, treated, { alpha: 0.05, covariates: [x] }));
    const swapped = okay(
      coxRegression(
        follow,
        treated.map((arm) => 1 - arm),
        { alpha: 0.05, covariates: [x.map((v) => 1e7 + 1e-3 * v)] },
      ),
    );
    expect(swapped.logHazardRatio).toBeCloseTo(-one.logHazardRatio, 6);
    expect(swapped.lower).toBeCloseTo(1 / one.upper, 6);
    const [a, b] = [one.covariateCoefficients[0] as number, swapped.covariateCoefficients[0] as number];
    expect(b / (1e3 * a)).toBeCloseTo(1, 4);
    expect(one.df).toBe(2);
  });

  it('leaves out covariates that say nothing new', () => {
    const { follow, treated } = simulated('cox3', 100, 0.08, 0.6);
    const alone = okay(coxRegression(follow, treated, { alpha: 0.05 }));
    const covariates = [treated.map(() => 3), treated.map((arm) => 5 - 2 * arm)];
    const fit = okay(coxRegression(follow, treated, { alpha: 0.05, covariates }));
    expect(fit.covariateCoefficients).toEqual([null, null]);
    expect(fit.df).toBe(1);
    expect(fit.logHazardRatio).toBeCloseTo(alone.logHazardRatio, 10);
  });

  it('says why there is no hazard ratio', () => {
    const options = { alpha: 0.05 };
    expect(coxRegression(followed([1, 2, -3, -4]), [0, 0, 1, 1], options)).toMatchObject({
      reason: 'no_events',
    });
    expect(coxRegression(followed([-1, -2]), [0, 1], options)).toMatchObject({ reason: 'no_events' });
    expect(coxRegression(followed([1, 2]), [0, 0], options)).toMatchObject({ reason: 'insufficient_units' });
    expect(coxRegression(followed([1, 2, 3, 4]), [0, 0, 1, 1], options)).toMatchObject({
      reason: 'monotone_likelihood',
    });
    expect(coxRegression(followed([1, 2]), [0, 2], options)).toMatchObject({ reason: 'invalid_input' });
    expect(coxRegression(followed([1, 2]), [0, 1], { alpha: 2 })).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('restricted mean', () => {
  it('is the mean of min(time, tau) with its (biased) standard error, where nobody is censored', () => {
    const [a, b] = [
      [2, 3, 3, 7, 12],
      [1, 5, 9, 11],
    ];
    const arms = [...a.map(() => 0), ...b.map(() => 1)];
    const result = okay(restrictedMeanDifference(followed([...a, ...b]), arms, 8, 0.05));
    const moments = (times: number[]): [number, number] => {
      const cut = times.map((t) => Math.min(t, 8));
      const mean = cut.reduce((s, t) => s + t, 0) / cut.length;
      return [mean, Math.sqrt(cut.reduce((s, t) => s + (t - mean) ** 2, 0)) / cut.length];
    };
    expect(result.control).toBeCloseTo(moments(a)[0], 12);
    expect(result.treatment).toBeCloseTo(moments(b)[0], 12);
    expect(result.standardErrorControl).toBeCloseTo(moments(a)[1], 12);
    expect(result.standardErrorTreatment).toBeCloseTo(moments(b)[1], 12);
    expect(result.ratio).toBeCloseTo(moments(b)[0] / moments(a)[0], 12);
    expect((result.ratioLower as number) * (result.ratioUpper as number)).toBeCloseTo(
      (result.ratio as number) ** 2,
      12,
    );
  });

  it('ignores what happens after tau, and mirrors when the arms are swapped', () => {
    const one = okay(restrictedMeanDifference(LEUKAEMIA, TREATED, 15, 0.05));
    const cut = {
      time: Array.from(LEUKAEMIA.time, (t) => Math.min(t, 16)),
      event: Array.from(LEUKAEMIA.event, (e, i) => ((LEUKAEMIA.time[i] as number) > 15 ? 0 : e)),
    };
    const other = okay(
      restrictedMeanDifference(
        cut,
        TREATED.map((arm) => 1 - arm),
        15,
        0.05,
      ),
    );
    expect(other.difference).toBeCloseTo(-one.difference, 12);
    expect(other.pValue).toBeCloseTo(one.pValue, 12);
    expect(other.lower).toBeCloseTo(-one.upper, 12);
  });

  it('goes beyond the last time of an arm only if all of it had the event', () => {
    const times = followed([1, 2, 3, 5, 9, -12]);
    const arms = [0, 0, 0, 1, 1, 1];
    expect(okay(restrictedMeanDifference(times, arms, 10, 0.05)).control).toBeCloseTo(2, 12);
    const swapped = restrictedMeanDifference(times, arms, 13, 0.05);
    expect(swapped).toMatchObject({ reason: 'insufficient_follow_up' });
    expect(restrictedMeanDifference(followed([-5, -6]), [0, 1], 4, 0.05)).toMatchObject({
      reason: 'no_events',
    });
    expect(restrictedMeanDifference(followed([5, 6]), [0, 1], 4, 0.05)).toMatchObject({
      reason: 'zero_variance',
    });
    expect(restrictedMeanDifference(followed([5, 6]), [0, 0], 4, 0.05)).toMatchObject({
      reason: 'insufficient_units',
    });
    expect(restrictedMeanDifference(followed([5, 6]), [0, 1], 0, 0.05)).toMatchObject({
      reason: 'invalid_input',
    });
  });
});

describe('difference of curves at a time', () => {
  it('is the difference of two shares where nobody is censored before it', () => {
    const arms = [0, 0, 0, 0, 1, 1, 1, 1, 1];
    const result = okay(survivalDifferenceAt(followed([1, 2, 5, 9, 2, 6, 7, -8, -9]), arms, 4, 0.05));
    expect(result.control).toBe(0.5);
    expect(result.treatment).toBeCloseTo(0.8, 14);
    expect(result.standardError).toBeCloseTo(Math.sqrt(0.25 / 4 + 0.16 / 5), 14);
    expect(result.lower <= 0 && result.upper >= 0).toBe(result.pValue >= 0.05);
  });

  it('says why there is none', () => {
    const times = followed([1, 2, 3, 5, 9, -12]);
    const arms = [0, 0, 0, 1, 1, 1];
    expect(survivalDifferenceAt(times, arms, 4, 0.05)).toMatchObject({ reason: 'zero_variance' });
    expect(survivalDifferenceAt(times, arms, 0.5, 0.05)).toMatchObject({ reason: 'zero_variance' });
    expect(survivalDifferenceAt(times, arms, 20, 0.05)).toMatchObject({ reason: 'insufficient_follow_up' });
    expect(survivalDifferenceAt(followed([-1, -2]), [0, 1], 1, 0.05)).toMatchObject({ reason: 'no_events' });
    expect(survivalDifferenceAt(times, [0, 0, 0, 0, 0, 0], 1, 0.05)).toMatchObject({
      reason: 'insufficient_units',
    });
  });

  it('keeps its error, as the log-rank test and the restricted mean do (1,000 A/A tests)', () => {
    const runs = 1000;
    const rejected = { difference: 0, mean: 0, rank: 0 };
    for (let run = 0; run < runs; run++) {
      const { follow, treated } = simulated(`aa ${run}`, 200, 0.05);
      if (okay(survivalDifferenceAt(follow, treated, 12, 0.05)).pValue < 0.05) rejected.difference++;
      if (okay(restrictedMeanDifference(follow, treated, 20, 0.05)).pValue < 0.05) rejected.mean++;
      if (okay(logRankTest(follow, treated)).pValue < 0.05) rejected.rank++;
    }
    // 99.9 % band of 5 % in 1,000 runs, with a little room for the normal approximation at 100 units per arm.
    for (const count of Object.values(rejected)) {
      expect(count / runs).toBeGreaterThan(0.028);
      expect(count / runs).toBeLessThan(0.077);
    }
  });
});

describe('curves as data', () => {
  it('hold plain numbers only', () => {
    const { curve } = okay(kaplanMeier(LEUKAEMIA));
    expect(JSON.parse(JSON.stringify(curve)) as SurvivalCurve).toEqual(curve);
  });
});
