import type { RewardedDecision } from '../contract.js';
import { addDecisions, tallyKey, tallyOf } from './decayed-counts.js';
import type { CountingOptions, DecayedCounts, ValueOf } from './decayed-counts.js';

/** Places beyond this one share its counts. */
export const LAST_POSITION = 63;

export const placeOf = (position: number): number =>
  Math.min(LAST_POSITION, Math.max(0, Math.floor(position)));

const keyAt = (key: string, position: number): string => `${placeOf(position)} ${key}`;

/** Adds a batch to counts that keep positions apart: a key begins with its position. */
export function addPositioned(
  counts: DecayedCounts,
  batch: readonly RewardedDecision[],
  options: CountingOptions,
  valueOf: ValueOf,
): DecayedCounts {
  const placed = batch.map((decision) => ({
    ...decision,
    subject: null,
    action: {
      ...decision.action,
      id: keyAt(tallyKey(decision.subject, decision.action.id, options.perSubject), decision.position),
    },
  }));
  return addDecisions(counts, placed, options, valueOf);
}

/** What an action earned at a position. */
export function tallyAt(
  counts: DecayedCounts,
  key: string,
  position: number,
  halfLifeDays: number | null,
): { readonly weight: number; readonly sum: number } {
  return tallyOf(counts, keyAt(key, position), halfLifeDays);
}

/** One action at one position. */
export interface Placed {
  readonly key: string;
  readonly position: number;
  readonly weight: number;
  readonly sum: number;
}

/** Everything that was counted. */
export function allPlaced(counts: DecayedCounts, halfLifeDays: number | null): Placed[] {
  return [...counts.tallies.keys()].map((stored) => {
    const space = stored.indexOf(' ');
    return {
      key: stored.slice(space + 1),
      position: Number(stored.slice(0, space)),
      ...tallyOf(counts, stored, halfLifeDays),
    };
  });
}
