import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
import type { RewardedDecision } from '../contract.js';
import { checkRewarded, decayFactor, tallyKey } from './decayed-counts.js';
import type { CountingOptions } from './decayed-counts.js';

/** Weight, mean and sum of squared deviations of what one action earned, as of `at`. */
export interface Moments {
  readonly weight: number;
  readonly mean: number;
  readonly m2: number;
  readonly at: number;
}

/** Immutable moments by action, with the newest time among them. */
export interface DecayedMoments {
  readonly at: number;
  readonly moments: ReadonlyMap<string, Moments>;
}

export const emptyMoments: DecayedMoments = { at: 0, moments: new Map() };
export const noMoments: Moments = { weight: 0, mean: 0, m2: 0, at: 0 };

/** Moments of two groups together (Chan, Golub, LeVeque 1979); no difference of large numbers is taken. */
export function pooled(a: Moments, b: Moments): Moments {
  const weight = a.weight + b.weight;
  if (weight <= 0) return { ...noMoments, at: Math.max(a.at, b.at) };
  const gap = b.mean - a.mean;
  const share = b.weight / weight;
  return {
    weight,
    mean: a.mean + gap * share,
    m2: a.m2 + b.m2 + gap * gap * a.weight * share,
    at: Math.max(a.at, b.at),
  };
}

/** The moments as of a later time: every decision counts 2^(-age / half-life). */
export function faded(moments: Moments, at: number, halfLifeDays: number | null): Moments {
  const fade = decayFactor(moments.at, at, halfLifeDays);
  return { ...moments, weight: moments.weight * fade, m2: moments.m2 * fade, at: Math.max(at, moments.at) };
}

/** Adds one reward; late ones count as of their own time. */
export function addReward(old: Moments, reward: number, at: number, halfLifeDays: number | null): Moments {
  const newest = Math.max(old.at, at);
  const one = { weight: decayFactor(at, newest, halfLifeDays), mean: reward, m2: 0, at: newest };
  return pooled(faded(old, newest, halfLifeDays), one);
}

/** Adds a batch; the input stays as it is. @throws DomainError `invalid_reward`. */
export function addToMoments(
  state: DecayedMoments,
  batch: readonly RewardedDecision[],
  options: CountingOptions,
): DecayedMoments {
  if (batch.length === 0) return state;
  const moments = new Map(state.moments);
  let newest = state.at;
  for (const decision of batch) {
    checkRewarded(decision);
    const key = tallyKey(decision.subject, decision.action.id, options.perSubject);
    const old = moments.get(key) ?? { ...noMoments, at: decision.at };
    moments.set(key, addReward(old, decision.reward, decision.at, options.halfLifeDays));
    newest = Math.max(newest, decision.at);
  }
  return { at: newest, moments };
}

/** The moments of an action as of the newest decision of all. */
export function momentsOf(state: DecayedMoments, key: string, halfLifeDays: number | null): Moments {
  const moments = state.moments.get(key);
  return moments === undefined ? noMoments : faded(moments, state.at, halfLifeDays);
}

export function encodeMoments(state: DecayedMoments): Json {
  const keys = [...state.moments.keys()];
  const numbers = new Float64Array(keys.length * 4);
  keys.forEach((key, i) => {
    const { weight, mean, m2, at } = state.moments.get(key) as Moments;
    numbers.set([weight, mean, m2, at], i * 4);
  });
  return { at: state.at, keys, moments: encodeFloats(numbers) };
}

/** @throws DomainError `invalid_state`. */
export function decodeMoments(json: Json): DecayedMoments {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const numbers = decodeFloats(stateText(stored['moments'], 'moments'));
  if (numbers.length !== keys.length * 4) {
    throw new DomainError(
      'invalid_state',
      `${keys.length} keys come with ${numbers.length} numbers`,
      '/moments',
    );
  }
  const moments = new Map<string, Moments>();
  keys.forEach((key, i) => {
    const [weight, mean, m2, at] = numbers.subarray(i * 4, i * 4 + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    moments.set(key, { weight, mean, m2, at });
  });
  return { at: stateNumber(stored['at'], 'at'), moments };
}
