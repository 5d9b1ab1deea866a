import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
import type { CorrectedReward, RewardedDecision } from '../contract.js';

const DAY_MS = 86_400_000;

/** What one action earned: decayed number of decisions and decayed sum of rewards, both as of `at`. */
export interface Tally {
  readonly weight: number;
  readonly sum: number;
  /** Unix milliseconds of the newest decision counted. */
  readonly at: number;
}

/** Immutable tallies by action, with the newest time among them. */
export interface DecayedCounts {
  readonly at: number;
  readonly tallies: ReadonlyMap<string, Tally>;
}

export interface CountingOptions {
  /** Wall-clock days after which a decision counts half; null: for ever. */
  readonly halfLifeDays: number | null;
  /** Keep apart what an action earned on different subjects. */
  readonly perSubject: boolean;
}

export const emptyCounts: DecayedCounts = { at: 0, tallies: new Map() };

/** The key of a tally. JSON keeps ("a", "b|c") and ("a|b", "c") apart. */
export function tallyKey(subject: string | null, actionId: string, perSubject: boolean): string {
  return perSubject && subject !== null ? JSON.stringify([subject, actionId]) : actionId;
}

/** 2^(-elapsed / half-life); 1 without a half-life and for times that run backwards. */
export function decayFactor(fromMs: number, toMs: number, halfLifeDays: number | null): number {
  if (halfLifeDays === null || toMs <= fromMs) return 1;
  return 2 ** (-(toMs - fromMs) / (halfLifeDays * DAY_MS));
}

/** @throws DomainError `invalid_reward` for a reward or time that is not a finite number. */
export function checkRewarded(decision: RewardedDecision): void {
  if (!Number.isFinite(decision.reward) || !Number.isFinite(decision.at)) {
    throw new DomainError('invalid_reward', `decision ${decision.decisionId} has reward ${decision.reward}`);
  }
}

/** What of a decision is summed up. */
export type ValueOf = (reward: number, decision: RewardedDecision) => number;

/**
 * Adds a batch; the input stays as it is. Each decision counts 2^(-age / half-life) at whatever time one looks, so
 * the order of arrival and the split into batches do not matter (up to rounding).
 * @param valueOf maps a decision to what is summed, e.g. clips rewards into [0, 1].
 */
export function addDecisions(
  counts: DecayedCounts,
  batch: readonly RewardedDecision[],
  options: CountingOptions,
  valueOf: ValueOf,
): DecayedCounts {
  if (batch.length === 0) return counts;
  const tallies = new Map(counts.tallies);
  let newest = counts.at;
  for (const decision of batch) {
    checkRewarded(decision);
    const key = tallyKey(decision.subject, decision.action.id, options.perSubject);
    const old = tallies.get(key) ?? { weight: 0, sum: 0, at: decision.at };
    tallies.set(key, addOne(old, decision.at, valueOf(decision.reward, decision), options.halfLifeDays));
    newest = Math.max(newest, decision.at);
  }
  return { at: newest, tallies };
}

/**
 * Replaces rewards that were counted before; the input stays as it is. Weights stay: the decisions count already.
 * @param valueOf as it was given to addDecisions.
 * @throws DomainError `invalid_reward` for a reward or time that is not a finite number.
 */
export function correctDecisions(
  counts: DecayedCounts,
  batch: readonly CorrectedReward[],
  options: CountingOptions,
  valueOf: ValueOf,
): DecayedCounts {
  const tallies = new Map(counts.tallies);
  for (const decision of batch) {
    checkRewarded(decision);
    const key = tallyKey(decision.subject, decision.action.id, options.perSubject);
    const old = tallies.get(key);
    if (old === undefined) continue;
    tallies.set(key, correctOne(old, decision, options.halfLifeDays, valueOf));
  }
  return { ...counts, tallies };
}

/** The tally with a counted reward replaced; the difference fades as the reward itself has faded. */
export function correctOne(
  old: Tally,
  decision: CorrectedReward,
  halfLifeDays: number | null,
  valueOf: ValueOf = (given) => given,
): Tally {
  const change = valueOf(decision.reward, decision) - valueOf(decision.previous, decision);
  return { ...old, sum: old.sum + change * decayFactor(decision.at, old.at, halfLifeDays) };
}

export function addOne(old: Tally, atMs: number, value: number, halfLifeDays: number | null): Tally {
  const at = Math.max(old.at, atMs);
  const fade = decayFactor(old.at, at, halfLifeDays);
  const share = decayFactor(atMs, at, halfLifeDays);
  return { weight: old.weight * fade + share, sum: old.sum * fade + value * share, at };
}

/** A tally as of the newest decision of all, so that idle actions age with the others; zeros when unknown. */
export function tallyOf(
  counts: DecayedCounts,
  key: string,
  halfLifeDays: number | null,
): { readonly weight: number; readonly sum: number } {
  const tally = counts.tallies.get(key);
  if (tally === undefined) return { weight: 0, sum: 0 };
  const fade = decayFactor(tally.at, counts.at, halfLifeDays);
  return { weight: tally.weight * fade, sum: tally.sum * fade };
}

export function encodeCounts(counts: DecayedCounts): Json {
  const keys = [...counts.tallies.keys()];
  const numbers = new Float64Array(keys.length * 3);
  keys.forEach((key, i) => {
    const tally = counts.tallies.get(key) as Tally;
    numbers.set([tally.weight, tally.sum, tally.at], i * 3);
  });
  return { at: counts.at, keys, tallies: encodeFloats(numbers) };
}

/** @throws DomainError `invalid_state`. */
export function decodeCounts(json: Json): DecayedCounts {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const numbers = decodeFloats(stateText(stored['tallies'], 'tallies'));
  if (numbers.length !== keys.length * 3) {
    throw new DomainError(
      'invalid_state',
      `${keys.length} keys come with ${numbers.length} numbers`,
      '/tallies',
    );
  }
  const tallies = new Map<string, Tally>();
  keys.forEach((key, i) => {
    const [weight, sum, at] = numbers.subarray(i * 3, i * 3 + 3) as unknown as [number, number, number];
    tallies.set(key, { weight, sum, at });
  });
  return { at: stateNumber(stored['at'], 'at'), tallies };
}
