import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Json } from '#experiments';
import type { CompiledPolicy, DecisionRequest, Policy, RewardedDecision } from '../contract.js';
import { compileExploration } from '../exploration/index.js';
import { serveAction, serveSlate } from '../serve.js';
import {
  actionsOf,
  compileAny,
  learnedState,
  loggedBatch,
  plainRequest,
  playOnline,
  requestOf,
  tasteHits,
  truth,
} from './worlds.js';

const explore = compileExploration('plackett-luce', { temperature: 0.5 });

/** What a compiled policy answers, as plain numbers. */
function answerOf(compiled: CompiledPolicy, request: DecisionRequest): number[] {
  return [...(compiled.decides === 'slate' ? compiled.scores(request) : compiled.distribution(request))];
}

/** A policy that is asked once: for many draws of one request. That it answers alike each time is tested by itself. */
function askedOnce(compiled: CompiledPolicy, request: DecisionRequest): CompiledPolicy {
  const answer = Float64Array.from(answerOf(compiled, request));
  const asked = compiled.decides === 'slate' ? 'scores' : 'distribution';
  return Object.create(compiled, { [asked]: { value: () => answer.slice() } }) as CompiledPolicy;
}

function expectValid(compiled: CompiledPolicy, request: DecisionRequest): void {
  const answer = answerOf(compiled, request);
  expect(answer.length).toBe(request.actions.length);
  expect(answer.every(Number.isFinite)).toBe(true);
  if (compiled.decides === 'slate') return;
  expect(answer.every((p) => p >= 0)).toBe(true);
  expect(Math.abs(answer.reduce((sum, p) => sum + p, 0) - 1)).toBeLessThan(1e-9);
}

/** A copy frozen all the way down, except typed arrays, which cannot be frozen: those are compared afterwards. */
function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

function encoded(policy: Policy, state: unknown): string {
  return JSON.stringify(policy.encode(state as null));
}

/** Chi-square statistic of counts against probabilities; cells expecting less than 5 are pooled. */
function chiSquare(
  counts: readonly number[],
  probabilities: ArrayLike<number>,
  draws: number,
): { value: number; cells: number } {
  let value = 0;
  let cells = 0;
  let restCount = 0;
  let restExpected = 0;
  counts.forEach((count, i) => {
    const expected = (probabilities[i] as number) * draws;
    if (expected < 5) {
      restCount += count;
      restExpected += expected;
    } else {
      value += (count - expected) ** 2 / expected;
      cells++;
    }
  });
  if (restExpected > 0.5) {
    value += (restCount - restExpected) ** 2 / restExpected;
    cells++;
  } else if (restExpected === 0) expect(restCount).toBe(0);
  return { value, cells };
}

/** Above the 99.99 % point of chi-square for any number of cells used here. */
const chiSquareLimit = (cells: number): number => cells + 5.5 * Math.sqrt(2 * cells) + 10;

/**
 * What every registered policy must keep, whoever wrote it. Run it over a policy of your own:
 * `describePolicyContract(myPolicy)`.
 */
export function describePolicyContract(policy: Policy): void {
  describe(`policy ${policy.key}`, () => {
    const params = policy.params.parse({});
    const state = learnedState(policy, params);
    const compiled = compileAny(policy, state, params);
    describeMeta(policy);
    describeAnswers(policy, compiled);
    describeBeliefs(compiled);
    describeServing(compiled);
    describeState(policy, state, params);
    if (policy.learns === 'online') describeLearning(policy, state, params);
    if (policy.learns === 'batch') {
      it('learns taste from history', () => {
        expect(tasteHits(policy, params, state)).toBeGreaterThanOrEqual(0.9);
      });
    }
  });
}

function describeMeta(policy: Policy): void {
  it('documents itself and every parameter', () => {
    for (const text of [policy.key, policy.title, policy.summary, policy.reference])
      expect(text).not.toBe('');
    expect(policy.key).toMatch(/^[a-z][a-z0-9-]*$/);
    const schema = policy.params.jsonSchema as { properties?: Record<string, { description?: string }> };
    for (const field of Object.values(schema.properties ?? {})) expect(field.description ?? '').not.toBe('');
  });

  it('refuses unknown parameters', () => {
    expect(() => policy.params.parse({ noSuchParameter: 1 })).toThrow();
  });
}

function describeAnswers(policy: Policy, compiled: CompiledPolicy): void {
  it.each([1, 2, 6, 1000])('answers for %d actions', (count) => {
    expectValid(compiled, requestOf(actionsOf(count), plainRequest.context));
  });

  it('answers for actions it has never seen, among known ones and alone', () => {
    expectValid(compiled, requestOf([...actionsOf(3), ...actionsOf(3, 'new-')], plainRequest.context));
    expectValid(compiled, requestOf(actionsOf(4, 'other-'), {}, 'a subject'));
  });

  it('stands missing, infinite and hostile context', () => {
    const features = { size: Number.NaN, weight: Infinity, huge: 1e300, ['__proto__x']: null };
    const hostile = JSON.parse(
      '{"__proto__": "x", "constructor": 1, "toString": ["a"], "history": 5}',
    ) as object;
    for (const context of [{}, { hour: Number.NaN, device: null, hot: -Infinity, kids: 1e308 }, hostile]) {
      expectValid(
        compiled,
        requestOf(
          [
            { id: 'a0', features },
            { id: '__proto__', features: {} },
          ],
          context as never,
        ),
      );
    }
  });

  it('is deterministic and keeps the request as it is', () => {
    const request = deepFreeze(structuredClone(plainRequest));
    const first = answerOf(compiled, request);
    expect(answerOf(compiled, request)).toEqual(first);
    expect(request).toEqual(plainRequest);
    expect(
      answerOf(
        compileAny(policy, learnedState(policy, policy.params.parse({})), policy.params.parse({})),
        request,
      ),
    ).toEqual(first);
  });

  it('does not depend on the order in which the actions are named, but for ties', () => {
    if (policy.key === 'fixed-order') return expect(answerOf(compiled, plainRequest)[0]).toBeGreaterThan(-1);
    const reversed = { ...plainRequest, actions: [...plainRequest.actions].reverse() };
    const answer = answerOf(compiled, plainRequest);
    answerOf(compiled, reversed)
      .reverse()
      .forEach((value, i) => expect(value).toBeCloseTo(answer[i] as number, 9));
  });
}

function describeBeliefs(compiled: CompiledPolicy): void {
  if (compiled.decides !== 'action' || !compiled.beliefs) return;
  const chooser = compiled;
  it('believes something finite about every action, of the scale that it scores with', () => {
    const beliefs = chooser.beliefs?.(plainRequest) ?? [];
    const scores = chooser.scores?.(plainRequest) ?? [];
    expect(beliefs.length).toBe(plainRequest.actions.length);
    beliefs.forEach(({ mean, sd, logDensity }, i) => {
      expect(mean).toBeCloseTo(scores[i] as number, 9);
      expect(sd).toBeGreaterThan(0);
      expect(logDensity(mean)).toBeGreaterThan(logDensity(mean + 3 * sd));
    });
  });
}

function describeServing(compiled: CompiledPolicy): void {
  it('serves actions as often as the logged propensities say, floor included', () => {
    const rng = createRng('frequencies');
    const counts = new Array<number>(plainRequest.actions.length).fill(0);
    const draws = 2000;
    let probabilities = new Float64Array(0);
    const once = askedOnce(compiled, plainRequest);
    for (let n = 0; n < draws; n++) {
      const served = serveAction(once, plainRequest, explore, 0.01, rng);
      counts[served.index] = (counts[served.index] as number) + 1;
      probabilities = Float64Array.from(served.probabilities);
      if (served.propensity !== probabilities[served.index])
        throw new Error('the propensity is not the probability');
    }
    expect(Math.min(...probabilities)).toBeGreaterThanOrEqual(0.01 - 1e-12);
    const { value, cells } = chiSquare(counts, probabilities, draws);
    expect(value).toBeLessThan(chiSquareLimit(cells));
  });

  it('serves slates as often as their joint propensity says', () => {
    const request = requestOf(actionsOf(4), plainRequest.context);
    const rng = createRng('slates');
    const seen = new Map<string, { count: number; p: number }>();
    const draws = 2000;
    for (let n = 0; n < draws; n++) {
      const { items, propensity } = serveSlate(compiled, request, 2, explore, 0.02, rng);
      const [first, second] = items.map((item) => item.index);
      if (items.length !== 2 || first === second) throw new Error(`not a slate of two: ${first}, ${second}`);
      const product = items.reduce((joint, item) => joint * item.propensity, 1);
      if (Math.abs(propensity - product) > 1e-12) throw new Error(`${propensity} is not ${product}`);
      const key = `${first},${second}`;
      const entry = seen.get(key) ?? { count: 0, p: propensity };
      entry.count++;
      seen.set(key, entry);
    }
    const entries = [...seen.values()];
    const { value, cells } = chiSquare(
      entries.map((e) => e.count),
      entries.map((e) => e.p),
      draws,
    );
    expect(value).toBeLessThan(chiSquareLimit(cells));
    expect(entries.reduce((sum, e) => sum + e.p, 0)).toBeLessThanOrEqual(1 + 1e-9);
  });

  it('serves the same answer for the same seed', () => {
    const serve = () => serveSlate(compiled, plainRequest, 4, explore, 0.01, createRng('steady')).items;
    expect(serve()).toEqual(serve());
  });
}

function describeState(policy: Policy, state: unknown, params: unknown): void {
  it('survives JSON: the decoded state answers alike, bit for bit', () => {
    const decoded = policy.decode(JSON.parse(encoded(policy, state)) as Json);
    expect(encoded(policy, decoded)).toBe(encoded(policy, state));
    const before = answerOf(compileAny(policy, state, params), plainRequest);
    expect(answerOf(compileAny(policy, decoded, params), plainRequest)).toEqual(before);
  });

  it('refuses a broken stored state', () => {
    if (policy.learns === 'never') return expect(policy.decode(null)).toBeNull();
    for (const broken of ['text', 5, [], {}]) expect(() => policy.decode(broken)).toThrow();
  });
}

type Online = Extract<Policy, { learns: 'online' }>;

function describeLearning(policy: Online, state: unknown, params: unknown): void {
  const batch = loggedBatch(200, actionsOf(6), 'more');

  it('never changes the state or the batch it is given', () => {
    const before = encoded(policy, state);
    const frozen = deepFreeze(structuredClone(batch));
    const next = policy.update(state, frozen, params);
    expect(encoded(policy, state)).toBe(before);
    expect(encoded(policy, next)).not.toBe(before);
    expect(frozen).toEqual(batch);
  });

  it('learns nothing from an empty batch', () => {
    expect(encoded(policy, policy.update(state, [], params))).toBe(encoded(policy, state));
  });

  it('learns the same from one batch as from two', () => {
    const whole = policy.update(state, batch, params);
    const halves = policy.update(policy.update(state, batch.slice(0, 77), params), batch.slice(77), params);
    const expected = answerOf(policy.compile(whole, params), plainRequest);
    answerOf(policy.compile(halves, params), plainRequest).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 8);
    });
  });

  it('corrects rewards as if they had been known at first, where it can', () => {
    if (policy.correct === undefined || policy.corrects?.(params) === false) return;
    const early = batch.map((decision, i) => ({ ...decision, reward: i % 3 === 0 ? 0 : decision.reward }));
    const late = batch.flatMap((decision, i) => {
      const previous = (early[i] as RewardedDecision).reward;
      return previous === decision.reward ? [] : [{ ...decision, previous }];
    });
    const learned = policy.update(state, early, params);
    const before = encoded(policy, learned);
    const expected = answerOf(policy.compile(policy.update(state, batch, params), params), plainRequest);
    const corrected = policy.correct(learned, deepFreeze(structuredClone(late)), params);
    expect(encoded(policy, learned)).toBe(before);
    expect(late.length).toBeGreaterThan(0);
    answerOf(policy.compile(corrected, params), plainRequest).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 8);
    });
  });

  it('says whether it can tell a negative reward from none', () => {
    const harmed = batch.map((decision) => ({ ...decision, reward: decision.reward === 0 ? -0.7 : 1 }));
    const [told, untold] = [harmed, batch].map((rewarded) => policy.update(state, rewarded, params));
    const answers = [told, untold].map((learned) => {
      const compiled = policy.compile(learned, params);
      return [...(compiled.scores?.(plainRequest) ?? []), ...answerOf(compiled, plainRequest)];
    });
    if (policy.leastReward === 0) expect(answers[0]).toEqual(answers[1]);
    // What is told apart need not show in the answer at once: a wrapper may go by bands.
    else expect(encoded(policy, told)).not.toBe(encoded(policy, untold));
  });

  it('takes in actions that appear later', () => {
    const late = loggedBatch(300, actionsOf(12), 'late');
    expectValid(
      policy.compile(policy.update(state, late, params), params),
      requestOf(actionsOf(12), plainRequest.context),
    );
  });

  it.each([Number.NaN, Infinity])('refuses a reward of %d and keeps its state', (reward) => {
    const before = encoded(policy, state);
    const poisoned: RewardedDecision = { ...(batch[0] as RewardedDecision), reward };
    expect(() => policy.update(state, [poisoned], params)).toThrow(/reward/);
    expect(encoded(policy, state)).toBe(before);
  });

  it('stays valid after hostile features', () => {
    const features = { size: Number.NaN, weight: Infinity, huge: -1e308 };
    const hostile = batch.map((decision, i) => ({
      ...decision,
      context: { ...decision.context, hour: i % 2 === 0 ? Number.NaN : 1e308, [`junk${i}`]: `value${i}` },
      action: { ...decision.action, features },
    }));
    expectValid(policy.compile(policy.update(state, hostile, params), params), plainRequest);
  });

  it('earns more than uniform play in a small world', () => {
    const uniform = actionsOf(6).reduce((sum, _, i) => sum + truth(i, 6) / 6, 0);
    // 0.1 of the 0.3 between uniform and the best; uniform play itself varies by less than 0.015 here.
    expect(playOnline(policy, params, 2000)).toBeGreaterThan(uniform + 0.1);
  });
}
