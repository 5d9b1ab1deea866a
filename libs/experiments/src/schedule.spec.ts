import { describe, expect, it } from '@jest/globals';
import { NO_PLAN, checkPlan, nextMove } from './schedule.js';
import type { RampStep, ScheduleFacts, ScheduleMove, SchedulePlan, ScheduleProgress } from './schedule.js';
import type { ExperimentStatus } from './vocabulary.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = Date.UTC(2026, 10, 2, 9);
const NONE: ScheduleFacts = { at: null, units: 0, halfWidth: null, guardrails: 'unknown' };
const FRESH: ScheduleProgress = { step: 0, stepAt: null };
const plan = (parts: Partial<SchedulePlan>): SchedulePlan => ({ ...NO_PLAN, ...parts });
const step = (traffic: number, parts: Partial<RampStep> = {}): RampStep => ({
  traffic,
  at: null,
  afterMinutes: 0,
  needs: 'time',
  ...parts,
});
const state = (status: ExperimentStatus, parts: { traffic?: number; minimumDays?: number } = {}) => ({
  status,
  traffic: 0.05,
  minimumDays: 0,
  startedAt: status === 'scheduled' ? null : T0,
  ...parts,
});

describe('start and end', () => {
  it('starts at its date and not before, also when the clock was missed', () => {
    const starts = plan({ startAt: T0 });
    const at = (now: number): ScheduleMove | null => nextMove(state('scheduled'), starts, FRESH, NONE, now);
    expect(at(T0 - 1)?.kind).toBe('wait');
    expect(at(T0)).toEqual({ kind: 'start', why: 'Start date 2026-11-02 09:00' });
    expect(at(T0 + 3 * DAY)?.kind).toBe('start');
  });

  it('ends at its date, running or paused; a future end stops nothing today', () => {
    const ends = plan({ endAt: T0 + 5 * DAY });
    for (const status of ['running', 'paused'] as const) {
      expect(nextMove(state(status), ends, FRESH, NONE, T0)?.kind).toBe('wait');
      expect(nextMove(state(status), ends, FRESH, NONE, T0 + 5 * DAY)?.kind).toBe('stop');
    }
    const pauses = { ...ends, atEnd: 'pause' as const };
    expect(nextMove(state('running'), pauses, FRESH, NONE, T0 + 5 * DAY)?.kind).toBe('pause');
    // Paused by it or by hand: it has done its work and does not fight whoever resumes later.
    expect(nextMove(state('paused'), pauses, FRESH, NONE, T0 + 9 * DAY)?.kind).toBe('wait');
    for (const status of ['draft', 'stopped', 'shipped', 'archived'] as const)
      expect(nextMove(state(status), ends, FRESH, NONE, T0 + 9 * DAY)).toBeNull();
  });

  it('stops at sample size or precision, whichever first, after the shortest run', () => {
    const goal = plan({ stopWhen: { units: 1000, halfWidth: 0.02 } });
    const week = state('running', { minimumDays: 7 });
    const ask = (facts: Partial<ScheduleFacts>, now: number): ScheduleMove | null =>
      nextMove(week, goal, FRESH, { ...NONE, at: now, ...facts }, now);
    expect(ask({ units: 5000 }, T0 + 7 * DAY - 1)?.kind).toBe('wait');
    expect(ask({ units: 999, halfWidth: 0.021 }, T0 + 7 * DAY)?.kind).toBe('wait');
    expect(ask({ units: 1000 }, T0 + 7 * DAY)).toEqual({ kind: 'stop', why: '1000 units, of 1000 planned' });
    expect(ask({ halfWidth: 0.02 }, T0 + 7 * DAY)?.why).toContain('± 2 %');
    expect(nextMove(week, NO_PLAN, FRESH, NONE, T0 + 7 * DAY)).toBeNull();
  });
});

describe('ramps', () => {
  /** Plays a plan against a clock, hour by hour, as the worker does: one move after the other until it waits. */
  function play(of: SchedulePlan, facts: (now: number) => ScheduleFacts, hours: number): [number, number][] {
    let progress = FRESH;
    const experiment = state('running');
    const made: [number, number][] = [];
    for (let now = T0; now <= T0 + hours * HOUR; now += HOUR) {
      for (;;) {
        const move = nextMove(experiment, of, progress, facts(now), now);
        if (move?.kind !== 'traffic' && move?.kind !== 'skip') break;
        if (move.kind === 'traffic') {
          experiment.traffic = move.traffic;
          made.push([(now - T0) / HOUR, move.traffic]);
        }
        progress = { step: move.step, stepAt: now };
      }
    }
    return made;
  }

  it('goes up by time after the step before, and by date', () => {
    const ramp = [
      step(0.1, { afterMinutes: 60 }),
      step(0.5, { afterMinutes: 120 }),
      step(1, { at: T0 + 10 * HOUR }),
    ];
    expect(play(plan({ ramp }), () => NONE, 24)).toEqual([
      [1, 0.1],
      [3, 0.5],
      [10, 1],
    ]);
  });

  it('waits for guardrails that are fine in a report younger than the last step', () => {
    const ramp = [step(0.1, { needs: 'guardrails' }), step(1, { needs: 'guardrails', afterMinutes: 60 })];
    const always = (guardrails: ScheduleFacts['guardrails']) => (now: number) => ({
      ...NONE,
      at: now,
      guardrails,
    });
    expect(play(plan({ ramp }), always('fine'), 5)).toEqual([
      [1, 0.1],
      [2, 1],
    ]);
    for (const bad of ['harmed', 'unknown'] as const)
      expect(play(plan({ ramp }), always(bad), 5)).toEqual([]);
    const stale = () => ({ ...NONE, at: T0 + 1, guardrails: 'fine' as const });
    expect(play(plan({ ramp }), stale, 5)).toEqual([[0, 0.1]]);
    const held = nextMove(state('running'), plan({ ramp }), FRESH, always('harmed')(T0 + 1), T0 + 1);
    expect(held).toEqual({ kind: 'wait', why: 'Step 1 of 2 is held: a guardrail or the split is not fine' });
  });

  it('passes over steps that were overtaken by hand, and makes none while paused', () => {
    const ramp = [step(0.1), step(0.5)];
    const ahead = state('running', { traffic: 0.3 });
    expect(nextMove(ahead, plan({ ramp }), FRESH, NONE, T0)).toMatchObject({ kind: 'skip', step: 1 });
    expect(nextMove(ahead, plan({ ramp }), { step: 1, stepAt: T0 }, NONE, T0)?.kind).toBe('traffic');
    expect(nextMove(state('paused'), plan({ ramp }), FRESH, NONE, T0)?.why).toBe('It is paused');
    expect(nextMove(ahead, plan({ ramp }), { step: 2, stepAt: T0 }, NONE, T0)).toBeNull();
  });
});

describe('plans that cannot be', () => {
  it('are refused with the field', () => {
    const cases: [Partial<SchedulePlan>, string][] = [
      [{ endAt: T0 - 1 }, '/endAt'],
      [{ startAt: T0 + DAY, endAt: T0 + DAY }, '/endAt'],
      [{ ramp: [step(0.5), step(0.5)] }, '/ramp/1/traffic'],
      [{ ramp: [step(0.1, { at: T0 + DAY }), step(0.5, { at: T0 })] }, '/ramp/1/at'],
      [{ endAt: T0 + DAY, ramp: [step(0.5, { at: T0 + DAY })] }, '/ramp/0/at'],
    ];
    for (const [parts, pointer] of cases)
      expect(() => checkPlan(plan(parts), T0)).toThrow(
        expect.objectContaining({ code: 'invalid_schedule', pointer }),
      );
    expect(() => checkPlan(plan({ startAt: T0 - DAY, ramp: [step(0.1), step(1)] }), T0)).not.toThrow();
  });
});
