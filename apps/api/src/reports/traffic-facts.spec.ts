import { describe, expect, it } from '@jest/globals';
import { runHealthChecks } from '#metrics';
import type { EditFact, HealthFacts } from '#metrics';
import { factOf } from './traffic-facts.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 20, 12);
const whole = [{ startedAt: new Date(NOW - 90 * HOUR), traffic: 1 }];

/** Samples of five minutes over the last hours, with so many decisions by their age in hours. */
const samples = (hours: number, decisions: (age: number) => number) =>
  Array.from({ length: hours * 12 }, (_, i) => {
    const until = NOW - i * 5 * MINUTE;
    return { since: new Date(until - 5 * MINUTE), until: new Date(until), decisions: decisions(i / 12) };
  }).reverse();
/** Four times as busy at night as now, as a day has it. */
const daily = (age: number): number => (age >= 6 && age < 18 ? 400 : 100);
const judge = (facts: Partial<HealthFacts>) =>
  runHealthChecks({ running: true, ...facts } as HealthFacts).find(({ key }) => key === 'traffic');
const facts = (...of: Parameters<typeof factOf>): Partial<HealthFacts> => {
  const traffic = factOf(...of);
  return traffic === null ? {} : { traffic };
};

describe('the alarm on a changed traffic', () => {
  // Checks that other facts are missing for would fail here: only this one is asked.
  const quiet: Partial<HealthFacts> = { arms: [], daysRunning: 5, totalUnits: 0, crossoverUnits: null };

  it('is silent over a day, and after a planned ramp', () => {
    expect(judge({ ...quiet, ...facts(samples(26, daily), whole, [], NOW) })).toMatchObject({
      status: 'pass',
      value: 1,
    });
    const ramp = [
      { startedAt: new Date(NOW - 90 * HOUR), traffic: 0.1 },
      { startedAt: new Date(NOW - 2 * HOUR), traffic: 1 },
    ];
    const grown = samples(26, (age) => (age < 2 ? 500 : 50));
    expect(judge({ ...quiet, ...facts(grown, ramp, [], NOW) })).toMatchObject({ status: 'pass', value: 1 });
  });

  it('fires when a change of targeting lets nobody in, and names the change', () => {
    const edit: EditFact = { at: new Date(NOW - HOUR).toISOString(), what: ['targeting'], newPhase: true };
    const none = facts(
      samples(26, (age) => (age < 1 ? 0 : daily(age))),
      whole,
      [edit],
      NOW,
    );
    const found = judge({ ...quiet, ...none });
    expect(found).toMatchObject({ status: 'fail', value: 0 });
    expect(found?.explanation).toContain('The targeting was changed at 2026-11-20T11:00');
    const third = facts(
      samples(26, (age) => (age < 1 ? 30 : daily(age))),
      whole,
      [],
      NOW,
    );
    expect(judge({ ...quiet, ...third })).toMatchObject({ status: 'warn', value: 0.3 });
    const flood = facts(
      samples(26, (age) => (age < 1 ? 300 : daily(age))),
      whole,
      [],
      NOW,
    );
    expect(judge({ ...quiet, ...flood })).toMatchObject({ status: 'warn', value: 3, threshold: 2.5 });
  });

  it('compares a first day with the hours before, and says nothing of too little', () => {
    expect(
      judge({
        ...quiet,
        ...facts(
          samples(4, () => 100),
          whole,
          [],
          NOW,
        ),
      })?.status,
    ).toBe('pass');
    expect(
      judge({
        ...quiet,
        ...facts(
          samples(4, () => 5),
          whole,
          [],
          NOW,
        ),
      })?.status,
    ).toBe('unknown');
    expect(
      factOf(
        samples(1, () => 100),
        whole,
        [],
        NOW,
      ),
    ).toBeNull();
    expect(factOf(samples(26, daily), whole, [], NOW + HOUR)).toBeNull();
    expect(judge({ ...quiet, ...facts(samples(26, daily), whole, [], NOW), running: false })).toBeUndefined();
  });
});
