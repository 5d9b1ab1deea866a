import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  compileExploration,
  contactOf,
  incrementalReward,
  policyRegistry,
  serveAction,
  wrapperRegistry,
} from '#policies';
import type { BanditPolicy, Chooser, ContactRules, RewardedDecision } from '#policies';
import { createRng } from '#experiments';
import { liftOfShowing } from '#metrics';
import type { LotSums } from '#metrics';
import {
  createMemberState,
  createWorld,
  itemsOf,
  messageLift,
  messagePolicy,
  messageWindowHours,
  millisecondsPerDay,
  playingShare,
  silentMessage,
  simulate,
  truthOf,
} from '#simulation';
import type { TreatmentRequest } from '#simulation';

const START = Date.UTC(2026, 2, 2);
const DAYS = 24;
/** More than anybody would withhold in earnest: so small a world has power only then. */
const SHARE = 0.5;
const WINDOW = messageWindowHours * 3_600_000;

interface Asked extends RewardedDecision {
  /** Null: nothing was to be sent, and no lot was drawn. */
  readonly withheld: boolean | null;
  /** What sending brings by the laws of the world, in the state that the member was in. */
  readonly truth: number;
}

/** The policy of the demo in the simulated world, learning once a day from lots as the product does. */
describe('messages in the simulated world', () => {
  const world = createWorld('messages', { members: 2000, titles: 24 });
  const states = world.members.map(createMemberState);
  const known = new Map(states.map((state) => [state.member.id, state]));
  const asked: Asked[] = [];
  const plays = new Map<string, number[]>();
  let visits = 0;
  const rules = wrapperRegistry
    .get('contact-rules')
    .params.parse(
      (messagePolicy.params['wrappers'] as unknown as { params: object }[])[0]?.params,
    ) as ContactRules;

  beforeAll(async () => {
    const policy = policyRegistry.get(messagePolicy.key) as BanditPolicy;
    const params = policy.params.parse(messagePolicy.params);
    const actions = itemsOf(world).flatMap(({ id, kind, features }) =>
      kind === 'message' ? [{ id, features }] : [],
    );
    const rng = createRng('messages');
    const explore = compileExploration('greedy', {});
    let state = policy.initialState(params);
    let chooser = policy.compile(state, params) as Chooser;
    let learnedTo = START;
    const baseline = { sum: 0, n: 0 };
    const message = (request: TreatmentRequest, at: number): string | null => {
      const decision = { unitId: request.unitId, context: request.context, actions, subject: null, at };
      const { index, propensity } = serveAction(chooser, decision, explore, messagePolicy.floor, rng);
      const action = actions[index] as (typeof actions)[number];
      const isSilent = action.id === silentMessage;
      const withheld = isSilent ? null : rng.uniform() < SHARE;
      const truth = messageLift(known.get(request.unitId) as (typeof states)[number], action.id, at);
      asked.push({
        ...decision,
        decisionId: `d${asked.length}`,
        action,
        position: 0,
        propensity,
        reward: 0,
        withheld,
        truth,
      });
      return withheld ? null : action.id;
    };
    await simulate(world, {
      from: START,
      to: START + DAYS * millisecondsPerDay,
      seed: 'messages',
      states,
      messages: true,
      serve: (request, at) =>
        request.requests.map(({ surface }, i) => ({
          decisionId: `${at}-${i}`,
          surface,
          experiment: null,
          arm: null,
          reason: 'POLICY',
          ...(surface === 'message.push' ? { action: message(request, at) } : {}),
        })),
      emit: ({ name, unitId, at }) => {
        const last = plays.get(unitId) ?? [];
        if (name === 'session_start') visits++;
        if (name === 'play') plays.set(unitId, [...last, Date.parse(at)]);
      },
      onHour: (at) => {
        if ((at - START) % millisecondsPerDay !== 0) return;
        const due = asked.filter(
          (one) => one.at + WINDOW <= at && one.at + WINDOW > learnedTo && one.withheld !== null,
        );
        learnedTo = at;
        const mean = baseline.n === 0 ? 0 : baseline.sum / baseline.n;
        const share = SHARE;
        const batch = due.map((one) => {
          const lot = { withheld: one.withheld === true, propensity: one.withheld ? share : 1 - share };
          if (one.withheld) {
            baseline.n++;
            baseline.sum += outcomeOf(one);
          }
          return { ...one, reward: incrementalReward(outcomeOf(one), mean, lot) };
        });
        state = policy.update(state, batch, params);
        chooser = policy.compile(state, params) as Chooser;
      },
    });
  }, 120_000);

  const outcomeOf = ({ unitId, at }: Asked): number =>
    plays.get(unitId)?.some((play) => play >= at && play <= at + WINDOW) ? 1 : 0;
  /** Decisions of one member share a cluster. */
  function sums(decisions: readonly Asked[]): LotSums {
    const clusters = new Map<string, { n: number; y: number }>();
    for (const one of decisions) {
      const own = clusters.get(one.unitId) ?? { n: 0, y: 0 };
      clusters.set(one.unitId, { n: own.n + 1, y: own.y + outcomeOf(one) });
    }
    const all = [...clusters.values()];
    const total = (term: (one: { n: number; y: number }) => number): number =>
      all.reduce((sum, one) => sum + term(one), 0);
    return {
      clusters: all.length,
      decisions: decisions.length,
      sum: total(({ y }) => y),
      sumSquares: total(({ y }) => y * y),
      sumProducts: total(({ n, y }) => n * y),
      sizeSquares: total(({ n }) => n * n),
    };
  }
  const settled = (): Asked[] => asked.filter(({ at }) => at + WINDOW <= START + DAYS * millisecondsPerDay);
  const lots = (): Asked[] => settled().filter(({ withheld }) => withheld !== null);

  it('measure the lift of sending within the interval of the withheld slice', () => {
    const shown = sums(lots().filter(({ withheld }) => !withheld));
    const withheld = sums(lots().filter((one) => one.withheld));
    const found = liftOfShowing(shown, withheld, { alpha: 0.05, binary: true });
    if (found.status !== 'ok') throw new Error('there are lots of both kinds');
    const truth = lots().reduce((sum, one) => sum + one.truth, 0) / lots().length;
    expect(found.lower).toBeLessThan(truth);
    expect(found.upper).toBeGreaterThan(truth);
    expect(found.lower).toBeGreaterThan(0);
    // The truth file's range is that of the worst and the best moments of each message.
    for (const [id, [lower, upper]] of Object.entries(truthOf(world).messages.lift)) {
      const own = lots().filter(({ action }) => action.id === id);
      const mean = own.reduce((sum, one) => sum + one.truth, 0) / Math.max(1, own.length);
      if (id !== silentMessage) expect([id, mean > lower && mean < upper]).toEqual([id, true]);
    }
  });

  it('send nothing above the caps, in quiet hours or to who declined, and note every question', () => {
    const sent = asked.filter(({ withheld }) => withheld === false);
    expect(sent.length).toBeGreaterThan(500);
    for (const { context, at } of sent) expect(contactOf(context, at, rules).status).toBe('open');
    const times = new Map<string, number[]>();
    for (const { unitId, at } of sent) times.set(unitId, [...(times.get(unitId) ?? []), at]);
    for (const own of times.values())
      for (const at of own) {
        expect(
          own.filter((other) => other >= at && other < at + millisecondsPerDay).length,
        ).toBeLessThanOrEqual(1);
        expect(
          own.filter((other) => other >= at && other < at + 7 * millisecondsPerDay).length,
        ).toBeLessThanOrEqual(3);
      }
    const declined = new Set(world.members.flatMap((one) => (one.notifications ? [] : [one.id])));
    expect(sent.filter(({ unitId }) => declined.has(unitId))).toEqual([]);
    const silent = asked.filter(({ action }) => action.id === silentMessage);
    expect(silent.length).toBeGreaterThan(1000);
    expect(asked.every(({ propensity }) => propensity > 0 && propensity <= 1)).toBe(true);
    expect(silent.some(({ propensity }) => propensity < 0.9)).toBe(true);
  });

  it('come to be sent, since they bring more than they cost', () => {
    const share = (from: number): number => {
      const open = asked.filter(
        ({ at, context }) =>
          at >= START + from * millisecondsPerDay &&
          at < START + (from + 5) * millisecondsPerDay &&
          contactOf(context, at, rules).status === 'open',
      );
      return open.filter(({ withheld }) => withheld !== null).length / open.length;
    };
    expect(share(DAYS - 5)).toBeGreaterThan(Math.max(0.8, share(0)));
  });

  it('stand on the share of visits with a play that the truth is computed with', () => {
    let played = 0;
    for (const own of plays.values())
      played += own.filter((at, i) => i === 0 || at - (own[i - 1] as number) > 3 * 3_600_000).length;
    expect(Math.abs(played / visits - playingShare)).toBeLessThan(0.04);
  });
});
