import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import type { BanditPolicy, Chooser, DecisionRequest, RewardedDecision } from '../contract.js';
import { contactOf, limitContext, policyRegistry, wrapperRegistry } from '../index.js';
import type { ContactRules } from '../index.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Wednesday, 18:00 UTC. */
const AT = Date.UTC(2026, 2, 4, 18);
const iso = (...hoursAgo: number[]): string[] =>
  hoursAgo.map((hours) => new Date(AT - hours * HOUR).toISOString());

describe('rules about messages', () => {
  const rules = wrapperRegistry.get('contact-rules').params.parse({}) as ContactRules;
  const status = (context: Context, at = AT, change: Partial<ContactRules> = {}) =>
    contactOf({ utcOffsetMinutes: 0, ...context }, at, { ...rules, ...change });

  it('send nothing to who declined, or has not agreed where that is needed', () => {
    expect(status({ notifications: false })).toEqual({ status: 'declined', nextAt: null });
    expect(status({}, AT, { consent: 'required' }).status).toBe('declined');
    expect(status({ notifications: true }, AT, { consent: 'required' }).status).toBe('open');
  });

  it('count messages of the last day and the last week, and say when there is room again', () => {
    expect(status({ notified: iso(23) })).toEqual({ status: 'capped', nextAt: AT + HOUR });
    expect(status({ notified: iso(25) }).status).toBe('open');
    // Three in a week: the oldest leaves it in ten hours, at four in the morning; quiet hours end at eight.
    expect(status({ notified: iso(158, 90, 50) })).toEqual({
      status: 'capped',
      nextAt: AT + 14 * HOUR,
    });
    expect(status({ notified: iso(170, 90, 50) }).status).toBe('open');
    expect(status({}, AT, { mostPerDay: 0 })).toEqual({ status: 'capped', nextAt: null });
  });

  it('keep quiet hours by the clock of the member, also past midnight, and where there is none', () => {
    expect(status({ timeZone: 'Asia/Tokyo' })).toEqual({ status: 'quiet', nextAt: AT + 5 * HOUR });
    expect(status({ timeZone: 'America/New_York' }).status).toBe('open');
    expect(status({ utcOffsetMinutes: 4 * 60 }).status).toBe('quiet');
    expect(status({ utcOffsetMinutes: 4 * 60 - 1 }).status).toBe('open');
    expect(contactOf({}, AT, rules)).toEqual({ status: 'quiet', nextAt: null });
    expect(status({ utcOffsetMinutes: 4 * 60 }, AT, { quietFrom: 0, quietUntil: 0 }).status).toBe('open');
  });

  it('wait for the hours at which the member comes', () => {
    // Eight evenings at 20:00.
    const visits = Array.from({ length: 8 }, (_, n) => new Date(AT - n * DAY - 22 * HOUR).toISOString());
    expect(status({ visits })).toEqual({ status: 'later', nextAt: AT + HOUR });
    expect(status({ visits }, AT + 2 * HOUR).status).toBe('open');
    expect(status({ visits }, AT, { leastFit: 0 }).status).toBe('open');
    // Who comes at night is reached at the best of the hours that are left.
    const night = Array.from({ length: 8 }, (_, n) => new Date(AT - n * DAY - 19 * HOUR).toISOString());
    expect(status({ visits: night }).status).toBe('open');
  });
});

describe('messages by what they bring', () => {
  const policy = policyRegistry.get('notifications') as BanditPolicy;
  const params = policy.params.parse({
    cost: 0.02,
    wrappers: [{ key: 'contact-rules', params: {} }],
    by: ['plan'],
  });
  const actions = ['do-not-send', 'm1', 'm2'].map((id) => ({ id, features: {} }));
  const request = (context: Context = {}): DecisionRequest => ({
    unitId: 'u',
    context: { utcOffsetMinutes: 0, ...context },
    actions,
    subject: null,
    at: AT,
  });
  /** Rewards around the lift of each message, as noisy as those of a withheld fifth are. */
  const learned = (lifts: Record<string, number>, n = 4000, inPlan: Record<string, number> = {}): Chooser => {
    const rng = createRng('lifts');
    const batch = Array.from({ length: n }, (_, i): RewardedDecision => {
      const action = actions[1 + (i % 2)] as (typeof actions)[number];
      const plan = i % 4 < 2 ? 'basic' : 'premium';
      const lift = (lifts[action.id] ?? 0) + (plan === 'premium' ? (inPlan[action.id] ?? 0) : 0);
      return {
        decisionId: `d${i}`,
        unitId: 'u',
        context: { plan },
        subject: null,
        action,
        position: 0,
        propensity: 0.5,
        reward: lift + rng.normal(),
        at: AT,
      };
    });
    return policy.compile(policy.update(policy.initialState(params), batch, params), params) as Chooser;
  };
  const at = (chooser: Chooser, context: Context = {}): number[] => [
    ...chooser.distribution(request(context)),
  ];

  it('sends the message with the larger lift, and nothing where no lift is worth the cost', () => {
    const [silent, first, second] = at(learned({ m1: 0.3, m2: 0.05 })) as [number, number, number];
    expect(first).toBeGreaterThan(0.95);
    expect(silent + first + second).toBeCloseTo(1, 12);
    // Both bring less than they cost, however often they are opened.
    expect(at(learned({ m1: -0.1, m2: -0.08 }), { plan: 'basic' })[0]).toBeGreaterThan(0.95);
    // Nothing is known yet: everything is tried.
    expect(Math.min(...at(learned({}, 0)))).toBeGreaterThan(0.2);
  });

  it('learns lifts within values of the context, drawn to the message’s own', () => {
    const chooser = learned({ m1: 0.1, m2: 0.1 }, 20_000, { m1: 0.15, m2: -0.15 });
    const scores = (plan: string): number[] => [...(chooser.scores?.(request({ plan })) ?? [])];
    expect((scores('premium')[1] as number) - (scores('premium')[2] as number)).toBeGreaterThan(0.2);
    expect(Math.abs((scores('basic')[1] as number) - (scores('basic')[2] as number))).toBeLessThan(0.06);
    // An unknown plan gets what is known of the message: between the two.
    expect(scores('new')[1]).toBeGreaterThan(scores('basic')[1] as number);
    expect(scores('new')[1]).toBeLessThan(scores('premium')[1] as number);
  });

  it('sends nothing where the rules forbid it, for certain, and says so', () => {
    const chooser = learned({ m1: 1 });
    for (const context of [{ notifications: false }, { notified: iso(1) }, { utcOffsetMinutes: 360 }]) {
      expect(at(chooser, context)).toEqual([1, 0, 0]);
      expect(chooser.contact?.(request(context)).status).not.toBe('open');
    }
    expect(chooser.silent).toBe('do-not-send');
    // Members whom the policy may not know keep what protects them.
    const context = {
      notifications: false,
      notified: iso(1),
      timeZone: 'UTC',
      visits: iso(5),
      plan: 'basic',
    };
    expect(Object.keys(limitContext(context, params)).sort()).toEqual([
      'notifications',
      'notified',
      'timeZone',
    ]);
  });
});
