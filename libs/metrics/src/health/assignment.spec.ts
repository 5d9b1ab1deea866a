import { describe, expect, it } from '@jest/globals';
import type { HealthFacts, HealthResult } from '../contract.js';
import type { AssignmentFact } from './facts.js';
import { DEFAULT_ASSIGNMENT_RULES, exclusionsOf, runHealthChecks } from './index.js';

const RULES = DEFAULT_ASSIGNMENT_RULES;

/** 10,000 units that count, half in each arm, and those whom rules leave out. */
function facts(
  assignment: Partial<AssignmentFact>,
  leftOut: readonly [number, number] = [0, 0],
): HealthFacts {
  const [a, b] = leftOut;
  return {
    arms: [
      { key: 'control', weight: 1, units: 5000 },
      { key: 'new', weight: 1, units: 5000 },
    ],
    totalUnits: 10_000 + a + b,
    crossoverUnits: 0,
    daysRunning: 14,
    assignment: {
      rules: RULES,
      states: [],
      everybody: { units: [5000 + a, 5000 + b], entries: [] },
      unseen: [],
      ...assignment,
    },
  };
}
const check = (key: string, given: HealthFacts): HealthResult | undefined =>
  runHealthChecks(given).find((result) => result.key === key);

describe('health of assignment', () => {
  it('warns of a state from the share that the rules name on, and from ten units on', () => {
    const of = (units: number, rules = RULES): HealthFacts =>
      facts({ rules, states: [{ state: 'identity-switch', units }] });
    expect(check('identity-switch', of(99))?.status).toBe('pass');
    expect(check('identity-switch', of(100))).toMatchObject({
      status: 'warn',
      unitsAffected: 100,
      threshold: 0.01,
      blocks: false,
    });
    expect(check('identity-switch', of(100))?.explanation).toContain('left out');
    const strict = { ...RULES, thresholds: { ...RULES.thresholds, 'identity-switch': 1e-6 } };
    expect([9, 10].map((units) => check('identity-switch', of(units, strict))?.status)).toEqual([
      'pass',
      'warn',
    ]);
    const kept = { ...RULES, exclude: { ...RULES.exclude, 'identity-switch': false } };
    expect(check('identity-switch', of(100, kept))?.explanation).toContain('count as others do');
    expect(check('late-fallback', of(100))).toBeUndefined();
    expect(exclusionsOf(RULES)).toBe('two-arms identity-switch late-fallback');
    expect(exclusionsOf(kept)).toBe('two-arms late-fallback');
  });

  it('fails units in several arms at the share that the rules name', () => {
    const strict = { ...RULES, thresholds: { ...RULES.thresholds, 'two-arms': 0.002 } };
    const of = (rules: typeof RULES): HealthFacts => ({ ...facts({ rules }), crossoverUnits: 20 });
    expect(check('crossover', of(RULES))?.status).toBe('pass');
    expect(check('crossover', of(strict))).toMatchObject({ status: 'fail', blocks: true, threshold: 0.002 });
  });

  it('judges the split without and with the units left out, since leaving out can hide or make a fault', () => {
    // Half and half of what counts, and 400 more of control behind it: chi-square of 5,400 and 5,000 is 15.4, p 0.00009.
    const hidden = facts({}, [400, 0]);
    expect(check('sample-ratio', hidden)?.status).toBe('pass');
    expect(check('left-out', hidden)).toMatchObject({ status: 'fail', blocks: true, unitsAffected: 400 });
    // 80 and 20 left out of 5,080 and 5,020: chi-square 35.29, while the split of the whole is within its limits.
    const skewed = check('left-out', facts({}, [80, 20]));
    expect(skewed?.status).toBe('warn');
    expect(skewed?.value).toBeCloseTo(2.838095e-9, 14);
    expect(check('left-out', facts({}, [52, 48]))?.status).toBe('pass');
    expect(check('left-out', facts({}))).toMatchObject({ status: 'pass', unitsAffected: 0 });
  });

  it('warns where arms lose exposures unequally, or where most decisions are never seen', () => {
    const of = (a: number, b: number): HealthFacts =>
      facts({
        unseen: [
          { arm: 'control', decided: 1000, unseen: a },
          { arm: 'new', decided: 1000, unseen: b },
        ],
      });
    // prop.test(c(100, 150), c(1000, 1000), correct = FALSE): X-squared 11.43, p 0.00072.
    expect(check('unseen-decisions', of(100, 150))).toMatchObject({ status: 'warn', value: 0.125 });
    expect(check('unseen-decisions', of(100, 150))?.explanation).toContain('p < 0.001');
    expect(check('unseen-decisions', of(100, 140))?.status).toBe('pass');
    expect(check('unseen-decisions', of(500, 500))?.status).toBe('warn');
    expect(check('unseen-decisions', of(0, 0))?.status).toBe('pass');
    expect(check('unseen-decisions', facts({}))).toBeUndefined();
  });
});
