import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRng } from '#experiments';
import type { HealthFacts } from '../contract.js';
import { healthChecks, runHealthChecks } from './index.js';
import { sampleRatio } from './sample-ratio.js';
import { sampleRatioCheck } from './sample-ratio.check.js';

function facts(a: number, b: number, more: Partial<HealthFacts> = {}): HealthFacts {
  return {
    arms: [
      { key: 'control', weight: 1, units: a },
      { key: 'treatment', weight: 1, units: b },
    ],
    totalUnits: a + b,
    crossoverUnits: 0,
    daysRunning: 14,
    ...more,
  };
}

function statusOf(key: string, given: HealthFacts): string | undefined {
  return runHealthChecks(given).find((result) => result.key === key)?.status;
}

describe('sample ratio', () => {
  it('agrees with chisq.test of R', () => {
    // chisq.test(c(33000, 33900, 32800))
    const ratio = sampleRatio([33_000, 33_900, 32_800], [1, 1, 1]);
    expect(ratio?.chi2).toBeCloseTo(20.661985957873625, 10);
    expect(ratio?.pValue).toBeCloseTo(3.260669316234481e-5, 14);
    expect(ratio?.df).toBe(2);
  });

  it('passes a good split, warns of a suspicious one, and blocks a broken one', () => {
    expect(statusOf('sample-ratio', facts(5021, 4979))).toBe('pass');
    expect(statusOf('sample-ratio', facts(5150, 4850))).toBe('warn');
    const broken = sampleRatioCheck.check(facts(5300, 4700));
    expect(broken).toMatchObject({ status: 'fail', blocks: true, unitsAffected: 300 });
    expect(broken?.explanation).toMatch(/control 53.00 % instead of 50.00 %/);
    expect(broken?.likelyCauses.length).toBeGreaterThan(0);
  });

  it('tests against the planned split, not an equal one', () => {
    const uneven: HealthFacts = {
      ...facts(0, 0),
      totalUnits: 10_000,
      arms: [
        { key: 'a', weight: 0.9, units: 9010 },
        { key: 'b', weight: 0.1, units: 990 },
      ],
    };
    expect(statusOf('sample-ratio', uneven)).toBe('pass');
  });

  it('fails no huge experiment for a deviation that moves nothing', () => {
    const huge = facts(500_200_000, 499_800_000);
    const result = sampleRatioCheck.check(huge);
    expect(result?.value).toBeLessThan(0.001);
    expect(result).toMatchObject({ status: 'warn', blocks: false });
  });

  it('does not judge with fewer than five units expected somewhere', () => {
    expect(statusOf('sample-ratio', facts(4, 3))).toBe('unknown');
    expect(statusOf('sample-ratio', facts(0, 0))).toBe('unknown');
  });

  it('leaves arms of weight zero out of the test and reports who got there', () => {
    const leak: HealthFacts = {
      ...facts(1000, 990),
      arms: [...facts(1000, 990).arms, { key: 'closed', weight: 0, units: 400 }],
    };
    expect(statusOf('sample-ratio', leak)).toBe('pass');
    expect(runHealthChecks(leak).find(({ key }) => key === 'unexpected-arm')).toMatchObject({
      status: 'warn',
      value: 400,
      unitsAffected: 400,
    });
    expect(statusOf('unexpected-arm', facts(10, 10))).toBeUndefined();
  });

  it('alarms no more often than stated when the split is right', () => {
    const rng = createRng('split');
    const runs = 20_000;
    let alarms = 0;
    for (let i = 0; i < runs; i++) {
      const a = Math.round(50_000 + Math.sqrt(25_000) * rng.normal());
      if ((sampleRatio([a, 100_000 - a], [1, 1])?.pValue ?? 1) < 0.01) alarms++;
    }
    // 99.9 % band of 1 % in 20,000 runs.
    expect(Math.abs(alarms / runs - 0.01)).toBeLessThan(0.0024);
  });
});

describe('other checks', () => {
  it('crossing over: one per cent and at least ten units', () => {
    expect(statusOf('crossover', facts(5000, 5000, { crossoverUnits: 99 }))).toBe('pass');
    expect(statusOf('crossover', facts(5000, 5000, { crossoverUnits: 100 }))).toBe('fail');
    expect(statusOf('crossover', facts(50, 50, { crossoverUnits: 9 }))).toBe('pass');
    expect(statusOf('crossover', facts(0, 0))).toBe('unknown');
    expect(statusOf('crossover', facts(5000, 5000, { crossoverUnits: null }))).toBeUndefined();
  });

  it('size and time', () => {
    expect(statusOf('sample-size', facts(100, 100))).toBe('pass');
    expect(statusOf('sample-size', facts(99, 100))).toBe('warn');
    expect(statusOf('full-week', facts(100, 100, { daysRunning: 6.9 }))).toBe('warn');
    expect(statusOf('full-week', facts(100, 100, { daysRunning: 7 }))).toBe('pass');
    expect(statusOf('full-week', facts(100, 100, { daysRunning: null }))).toBeUndefined();
  });

  it('propensities: mean inverse against the number of actions', () => {
    const fact = { arm: 'bandit', decisions: 10_000, standardError: 0.05, expected: 4 };
    const given = (meanInverse: number) => facts(100, 100, { propensities: [{ ...fact, meanInverse }] });
    expect(statusOf('propensity', given(4.1))).toBe('pass');
    expect(statusOf('propensity', given(3.5))).toBe('fail');
    expect(
      statusOf('propensity', facts(100, 100, { propensities: [{ ...fact, meanInverse: 4, decisions: 10 }] })),
    ).toBe('unknown');
    expect(
      statusOf(
        'propensity',
        facts(100, 100, { propensities: [{ ...fact, meanInverse: 4, standardError: 0 }] }),
      ),
    ).toBe('pass');
    expect(
      statusOf(
        'propensity',
        facts(100, 100, { propensities: [{ ...fact, meanInverse: 4.01, standardError: 0 }] }),
      ),
    ).toBe('fail');
    expect(statusOf('propensity', facts(100, 100))).toBeUndefined();
  });

  it('power: warns when what matters would not be found', () => {
    const power = {
      metric: 'Play rate',
      arm: 'b',
      detectableLift: 0.2,
      minimumLift: 0.05,
      unitsNeededPerArm: 12_345,
      decided: false,
    };
    const warned = runHealthChecks(facts(100, 100, { power })).find(({ key }) => key === 'power');
    expect(warned).toMatchObject({ status: 'warn', blocks: false, value: 0.2, threshold: 0.05 });
    expect(warned?.explanation).toMatch(/About 13,000 more units per arm/);
    expect(statusOf('power', facts(100, 100, { power: { ...power, decided: true } }))).toBe('pass');
    expect(statusOf('power', facts(100, 100, { power: { ...power, detectableLift: 0.04 } }))).toBe('pass');
  });

  it('every check answers any facts with finite numbers and a sentence, and only failing ones block', () => {
    const number = fc.oneof(fc.nat(1_000_000), fc.constant(0));
    const anyFacts = fc.record({
      arms: fc.array(
        fc.record({ key: fc.string({ minLength: 1 }), weight: fc.constantFrom(0, 0.5, 1, 3), units: number }),
        { maxLength: 4 },
      ),
      totalUnits: number,
      crossoverUnits: fc.option(number),
      daysRunning: fc.option(fc.double({ min: 0, max: 400, noNaN: true })),
    });
    fc.assert(
      fc.property(anyFacts, (given) => {
        for (const result of runHealthChecks(given)) {
          expect(result.explanation.length).toBeGreaterThan(5);
          expect(result.explanation).not.toMatch(/NaN|Infinity|undefined/);
          for (const value of [result.value, result.unitsAffected])
            expect(value === null || Number.isFinite(value)).toBe(true);
          if (result.blocks) expect(result.status).toBe('fail');
        }
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(new Set(healthChecks.map(({ key }) => key)).size).toBe(healthChecks.length);
  });
});
