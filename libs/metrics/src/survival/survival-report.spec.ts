import { describe, expect, it } from '@jest/globals';
import { survivalReport } from './index.js';
import type { ArmFollowUp } from './index.js';

/** Freireich et al. 1963: weeks of remission of acute leukaemia; negative: censored. */
const PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
const DRUG = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];

function rowsOf(arm: string, times: readonly number[]): ArmFollowUp[] {
  return [...new Set(times.map(Math.abs))].map((day) => ({
    arm,
    day,
    events: times.filter((t) => t === day).length,
    censored: times.filter((t) => t === -day).length,
  }));
}

const ROWS = [...rowsOf('placebo', PLACEBO), ...rowsOf('drug', DRUG)];
const OPTIONS = { arms: ['placebo', 'drug'], control: 'placebo', alpha: 0.05 };

describe('the survival report of the leukaemia trial', () => {
  const report = survivalReport(ROWS, OPTIONS);
  const [placebo, drug] = report.arms;
  const [versus] = report.comparisons;
  const daysOfDrug = drug?.days ?? [];

  it('has the published tests: log-rank 16.79, Cox 1.572 (0.412) with Efron ties', () => {
    expect(versus?.logRank).toMatchObject({ status: 'ok', df: 1 });
    expect((versus?.logRank as { chi2: number }).chi2).toBeCloseTo(16.79, 2);
    expect(report.logRank).toEqual(versus?.logRank);
    expect((versus?.cox as { logHazardRatio: number }).logHazardRatio).toBeCloseTo(-1.572, 3);
    expect((versus?.cox as { standardError: number }).standardError).toBeCloseTo(0.412, 3);
  });

  it('has the published curve, with everybody at risk on day 0 and a row for every day to the last', () => {
    expect(daysOfDrug.map(({ day }) => day)).toEqual(Array.from({ length: 36 }, (_, day) => day));
    expect([0, 6, 7, 10, 13, 16, 22, 23].map((day) => daysOfDrug[day]?.atRisk)).toEqual([
      21, 21, 17, 15, 12, 11, 7, 6,
    ]);
    [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448].forEach((s, i) =>
      expect(daysOfDrug[[6, 7, 10, 13, 16, 22, 23][i] as number]?.survival).toBeCloseTo(s, 3),
    );
    expect(report.arms).toMatchObject([
      { units: 21, events: 21, median: { median: 8 } },
      { units: 21, events: 9, median: { median: 23 } },
    ]);
    // By hand: s = sqrt(3/(21 18) + 1/(17 16) + 1/(15 14)), S^exp(-+1.96 s / log S) = 0.5032 and 0.8894.
    expect(daysOfDrug[10]?.lower).toBeCloseTo(0.5032, 3);
    expect(daysOfDrug[10]?.upper).toBeCloseTo(0.8894, 3);
    expect(daysOfDrug[5]).toMatchObject({ survival: 1, lower: null, upper: null });
  });

  it('takes restricted means to the last day with ten at risk in every arm, and says which', () => {
    // Placebo has 12 at risk in week 8 and 8 in week 11.
    expect(report.tau).toBe(8);
    const mean = PLACEBO.reduce((sum, t) => sum + Math.min(t, 8), 0) / PLACEBO.length;
    expect(placebo?.restrictedMean?.mean).toBeCloseTo(mean, 12);
    expect(versus?.restrictedMean).toMatchObject({
      status: 'ok',
      control: placebo?.restrictedMean?.mean,
      treatment: drug?.restrictedMean?.mean,
    });
  });

  it('takes a given horizon where both arms are followed to it, and says where they are not', () => {
    const longer = survivalReport(ROWS, { ...OPTIONS, tau: 21 });
    expect(longer.tau).toBe(21);
    // Royston and Parmar's area under the curve, summed by hand over the published steps of the drug arm.
    expect(longer.arms[1]?.restrictedMean?.mean).toBeCloseTo(
      6 + 0.857143 + 3 * 0.806723 + 3 * 0.752941 + 3 * 0.690196 + 5 * 0.627451,
      5,
    );
    expect(survivalReport(ROWS, { ...OPTIONS, tau: 90 }).comparisons[0]?.restrictedMean).toMatchObject({
      reason: 'insufficient_follow_up',
    });
  });

  it('answers for arms without units, without events and without a day of follow-up', () => {
    const empty = survivalReport([], OPTIONS);
    expect(empty).toMatchObject({ tau: null, logRank: { reason: 'insufficient_units' } });
    expect(empty.arms[0]).toMatchObject({ units: 0, days: [], restrictedMean: null });
    const quiet = survivalReport(
      OPTIONS.arms.map((arm) => ({ arm, day: 30, events: 0, censored: 50 })),
      OPTIONS,
    );
    expect(quiet.tau).toBe(30);
    expect(quiet.comparisons[0]).toMatchObject({
      restrictedMean: { reason: 'no_events' },
      logRank: { reason: 'no_events' },
      cox: { reason: 'no_events' },
    });
    const today = survivalReport(
      OPTIONS.arms.map((arm) => ({ arm, day: 0, events: 0, censored: 50 })),
      OPTIONS,
    );
    expect(today.tau).toBeNull();
    expect(today.comparisons[0]?.restrictedMean).toMatchObject({ reason: 'insufficient_follow_up' });
    expect(JSON.stringify([empty, quiet, today])).not.toMatch(/NaN|Infinity/);
  });
});
