import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { HealthFacts } from '../contract.js';
import { sequentialPoissonRates } from '../sequential/count-tests.js';
import { logRateEvidence, ratesOverPeriods } from '../sequential/rates-over-periods.js';
import type { RatePeriod } from '../sequential/rates-over-periods.js';
import { RATE_CONCENTRATION, eventRatesCheck, isHarmfulEvent } from './event-rates.check.js';
import type { EventRateFact } from './facts.js';

const period = (weights: [number, number], events: [number, number]): RatePeriod => ({ weights, events });
const rates = (...periods: RatePeriod[]) => {
  const found = ratesOverPeriods(periods, RATE_CONCENTRATION, 0.05);
  if (found.status !== 'ok') throw new Error(found.reason);
  return found;
};

/** Chances of the arms one unit after the other under a Dirichlet prior (Polya's urn), against the shares themselves. */
function urn(a: number, b: number, share: number): number {
  const c = RATE_CONCENTRATION;
  let log = 0;
  for (let i = 0; i < a; i++) log += Math.log((c * (1 - share) + i) / (c + i) / (1 - share));
  for (let i = 0; i < b; i++) log += Math.log((c * share + i) / (c + a + i) / share);
  return log;
}

describe('rates over periods', () => {
  it('is the test of one allocation where there is one', () => {
    for (const [a, b, weight] of [
      [40, 70, 1],
      [0, 9, 1],
      [12, 0, 3],
      [31_000, 3400, 0.1],
    ] as const) {
      const ours = rates(period([1, weight], [a, b]));
      const other = sequentialPoissonRates([a, b], [1, weight], RATE_CONCENTRATION, 0.05);
      if (other.status !== 'ok') throw new Error(other.reason);
      expect(ours.logBayesFactor).toBeCloseTo(other.logBayesFactor, 9);
      expect(ours.logBayesFactor).toBeCloseTo(urn(a, b, weight / (1 + weight)), 6);
      const [lower, upper] = other.rateRatioInterval as [number, number];
      expect(ours.interval?.lower).toBeCloseTo(lower, 7);
      if (a === 0) expect([ours.rateRatio, ours.interval?.upper]).toEqual([null, null]);
      else expect(ours.interval?.upper).toBeCloseTo(upper, 6);
    }
  });

  it('does not take a change of weights for a difference of rates, and finds the ratio through it', () => {
    const alike = rates(period([9, 1], [900, 100]), period([1, 9], [200, 1800]));
    expect(alike.rateRatio).toBeCloseTo(1, 9);
    expect(alike.pValue).toBe(1);
    // Twice the rate: treatment's shares of the events are 2/11 and 18/19.
    const twice = rates(period([9, 1], [900, 200]), period([1, 9], [100, 1800]), period([0, 1], [0, 5000]));
    expect(twice.rateRatio).toBeCloseTo(2, 9);
    expect(logRateEvidence([period([1, 1], [40, 70])], 100)).toBeCloseTo(urn(40, 70, 0.5), 9);
    expect(twice.logBayesFactor).toBeCloseTo(urn(900, 200, 0.1) + urn(100, 1800, 0.9), 6);
    const { lower, upper } = twice.interval as { lower: number; upper: number };
    expect(lower > 1.4 && upper < 2.8).toBe(true);
    // The ends are where the product against that ratio reaches 1 / alpha.
    const against = (ratio: number): number =>
      [period([9, 1], [900, 200]), period([1, 9], [100, 1800])].reduce((sum, { weights, events }) => {
        const plain = weights[1] / (weights[0] + weights[1]);
        const share = (weights[1] * ratio) / (weights[0] + weights[1] * ratio);
        const [a, b] = events;
        return sum + a * Math.log((1 - plain) / (1 - share)) + b * Math.log(plain / share);
      }, twice.logBayesFactor);
    expect(against(lower)).toBeCloseTo(Math.log(20), 5);
    expect(against(upper)).toBeCloseTo(Math.log(20), 5);
    // Twice as much first, half as much then: no single ratio.
    expect(rates(period([1, 1], [500, 1000]), period([1, 2], [1000, 1000])).interval).toBeNull();
  });

  it('says why there is nothing to say', () => {
    const reason = (...periods: RatePeriod[]) => ratesOverPeriods(periods, 100, 0.05);
    expect(reason(period([1, 1], [0, 0]))).toMatchObject({ reason: 'no_events' });
    expect(reason(period([0, 1], [4, 4]))).toMatchObject({ reason: 'denominator_zero' });
    expect(reason(period([1, 1], [-1, 4]))).toMatchObject({ reason: 'invalid_input' });
    expect(ratesOverPeriods([period([1, 1], [1, 2])], 100, 1)).toMatchObject({ reason: 'invalid_input' });
  });

  it('alarms in at most 5 % of runs with changing weights and 100 looks, where a pooled test nearly always does', () => {
    const rng = createRng('rates-over-periods');
    const runs = 300;
    const evidence = (...periods: RatePeriod[]): number => logRateEvidence(periods, RATE_CONCENTRATION);
    let [alarms, pooled] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const counts: [number, number][] = [
        [0, 0],
        [0, 0],
      ];
      let [alarm, wrong] = [false, false];
      for (let look = 0; look < 100; look++) {
        const phase = look < 50 ? 0 : 1;
        const events = counts[phase] as [number, number];
        for (let i = 0; i < 20; i++) events[rng.uniform() < (phase === 0 ? 0.1 : 0.5) ? 1 : 0] += 1;
        const [first, second] = counts as [[number, number], [number, number]];
        alarm ||= evidence(period([9, 1], first), period([1, 1], second)) > Math.log(20);
        wrong ||= evidence(period([1, 1], [first[0] + second[0], first[1] + second[1]])) > Math.log(20);
      }
      alarms += Number(alarm);
      pooled += Number(wrong);
    }
    // 5 % and three standard errors.
    expect(alarms / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
    expect(pooled / runs).toBeGreaterThan(0.9);
  });
});

describe('event rates', () => {
  const base: HealthFacts = {
    arms: [
      { key: 'control', weight: 1, units: 5000 },
      { key: 'b', weight: 1, units: 5000 },
    ],
    totalUnits: 10_000,
    crossoverUnits: 0,
    daysRunning: 9,
  };
  const fact = (control: number, b: number, event = 'playback_error'): EventRateFact => ({
    event,
    arm: 'b',
    periods: [period([1, 1], [control, b])],
  });
  const judge = (...eventRates: EventRateFact[]) => eventRatesCheck.check({ ...base, eventRates });
  /** Fewest events of b that fire, found from the urn alone. */
  const least = (limit: number, control: number): number => {
    for (let b = control; ; b++) if (urn(control, b, 0.5) > -Math.log(limit)) return b;
  };

  /** As many, and so many that even the least ratio they allow, at the level of the warning, matters. */
  const leastThatMatters = (control: number): number => {
    for (let b = least(0.001, control); ; b++) {
      const found = ratesOverPeriods([period([1, 1], [control, b])], RATE_CONCENTRATION, 0.01);
      if (found.status === 'ok' && (found.interval?.lower ?? 0) > 1.05) return b;
    }
  };

  it('holds nothing back for a rate that is surely higher and hardly so', () => {
    const many = judge(fact(1_000_000, 1_020_000));
    expect(many).toMatchObject({ status: 'warn' });
    expect(many?.explanation).toContain('1.02 times');
    expect(judge(fact(1_000_000, 1_080_000))?.status).toBe('fail');
  });

  it('warns and fails from the limits on, and not one unit before', () => {
    const [warns, fails] = [least(0.01, 200), leastThatMatters(200)];
    expect(judge(fact(200, warns - 1))).toMatchObject({ status: 'pass', likelyCauses: [] });
    expect(judge(fact(200, warns))).toMatchObject({ status: 'warn', unitsAffected: warns - 200 });
    expect(judge(fact(200, fails - 1))?.status).toBe('warn');
    const failing = judge(fact(200, fails));
    expect(failing).toMatchObject({ status: 'fail', blocks: false, threshold: 0.001 });
    expect(failing?.explanation).toMatch(
      /^playback_error in b: 1\.\d\d times control’s rate, always-valid p < 0\.001; about \d+ units more/,
    );
    expect(failing?.likelyCauses.length).toBeGreaterThan(0);
  });

  it('asks more of each of several rates, and fires for none that is below control', () => {
    const warns = least(0.01, 200);
    expect(judge(fact(200, warns), fact(50, 50, 'cancel'))?.status).toBe('pass');
    expect(judge(fact(200, least(0.005, 200)), fact(50, 50, 'cancel'))?.status).toBe('warn');
    expect(judge(fact(600, 200))?.status).toBe('pass');
    expect(judge(fact(0, 100))?.explanation).toContain('and control has none');
    expect(judge()).toBeNull();
    expect(eventRatesCheck.check(base)).toBeNull();
  });

  it('knows bad news by its name', () => {
    expect(['error', 'Playback_Failed', 'cancel', 'app-crash'].map(isHarmfulEvent)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['play', 'complete', 'notification_opened'].map(isHarmfulEvent)).toEqual([false, false, false]);
    // Words within words.
    expect(['install', 'app_installed', 'play_terror'].map(isHarmfulEvent)).toEqual([false, false, false]);
    expect(['uninstall', 'stalled', 'playbackError'].map(isHarmfulEvent)).toEqual([true, true, true]);
  });
});
