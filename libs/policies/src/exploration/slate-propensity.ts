import { createRng, DomainError } from '#experiments';
import type { SlotRule } from '../contract.js';
import { applyFloor, sampleIndex } from '../envelope.js';

/** Propensities of one ordered slate. */
export interface OrderPropensity {
  /** Per slot: probability of its action given the ones before. */
  readonly conditional: Float64Array;
  /** Per slot: probability of the slate down to there; the last is the joint probability of the whole order. */
  readonly prefix: Float64Array;
}

/** Probability of each action to stand in each slot, whatever stands elsewhere. */
export interface MarginalPropensity {
  /** One row per slot, one entry per action; every row sums to 1. */
  readonly bySlot: readonly Float64Array[];
  /** Per action: probability to be in the slate at all. */
  readonly inSlate: Float64Array;
  /** `subsets` and `quadrature` are exact to 1e-9; `monte-carlo` has an error. */
  readonly method: 'subsets' | 'quadrature' | 'monte-carlo';
  /** Monte Carlo alone: number of draws, and the largest standard error of any entry; otherwise 0. */
  readonly draws: number;
  readonly standardError: number;
}

/** A slot rule with the additive floor that serveSlate puts on every slot. */
export function withFloor(rule: SlotRule, floor: number): SlotRule {
  return (taken, into, place) => {
    rule(taken, into, place);
    applyFloor(into, taken, taken.length - countTaken(taken), floor);
  };
}

const countTaken = (taken: Uint8Array): number => taken.reduce((sum, one) => sum + one, 0);

/**
 * Conditional, prefix and joint probability of one order under a slot rule: of Plackett-Luce, the product of
 * w_i / (sum of the weights that are left).
 * @param order indices of different actions, the first slot first.
 * @throws DomainError `invalid_order` for an index out of range or named twice.
 */
export function orderPropensity(rule: SlotRule, count: number, order: readonly number[]): OrderPropensity {
  const taken = new Uint8Array(count);
  const slot = new Float64Array(count);
  const conditional = new Float64Array(order.length);
  const prefix = new Float64Array(order.length);
  let joint = 1;
  order.forEach((index, k) => {
    if (taken[index] !== 0)
      throw new DomainError('invalid_order', `${index} is no action that is left for slot ${k}`);
    rule(taken, slot, k);
    conditional[k] = slot[index] as number;
    joint *= slot[index] as number;
    prefix[k] = joint;
    taken[index] = 1;
  });
  return { conditional, prefix };
}

/** Sets of actions that the recursion may visit. */
const MOST_SUBSETS = 20_000;

/** Number of sets of fewer than `slots` out of `count` actions. */
function subsetCount(count: number, slots: number): number {
  let sets = 0;
  let choose = 1;
  for (let size = 0; size < slots; size++) {
    sets += choose;
    choose = (choose * (count - size)) / (size + 1);
  }
  return sets;
}

/** Whether the recursion over subsets is feasible. */
export const hasFewSubsets = (count: number, slots: number): boolean =>
  subsetCount(count, Math.min(slots, count)) <= MOST_SUBSETS;

/**
 * Marginals of any slot rule: exactly, by recursion over the sets of actions that may stand above a slot, where those
 * are at most 20,000; otherwise by Monte Carlo over the actions above, averaging the conditional probabilities rather
 * than counting, so that nothing possible gets 0. For Plackett-Luce without a floor see plackettLuceMarginals.
 * @param slots slots to fill, at most `count`.
 * @param draws of the Monte Carlo.
 */
export function marginalPropensity(
  rule: SlotRule,
  count: number,
  slots: number,
  { draws = 2000, seed = 'marginals' }: { readonly draws?: number; readonly seed?: string } = {},
): MarginalPropensity {
  const length = Math.min(slots, count);
  if (hasFewSubsets(count, length)) return exactly(bySubsets(rule, count, length), 'subsets');
  return sampled(rule, count, length, draws, seed);
}

export function exactly(
  bySlot: readonly Float64Array[],
  method: 'subsets' | 'quadrature',
): MarginalPropensity {
  return { bySlot, inSlate: columnSums(bySlot), method, draws: 0, standardError: 0 };
}

function columnSums(rows: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) row.forEach((p, i) => (sums[i] = (sums[i] as number) + p));
  return sums.map((sum) => Math.min(1, sum));
}

/** P(set S fills the first |S| slots), size by size; a set's key is its sorted members. */
function bySubsets(rule: SlotRule, count: number, slots: number): Float64Array[] {
  const rows: Float64Array[] = [];
  const slot = new Float64Array(count);
  let level = new Map<string, { readonly members: readonly number[]; p: number }>([
    ['', { members: [], p: 1 }],
  ]);
  for (let k = 0; k < slots; k++) {
    const row = new Float64Array(count);
    const next: typeof level = new Map();
    for (const { members, p } of level.values()) {
      const taken = new Uint8Array(count);
      for (const i of members) taken[i] = 1;
      rule(taken, slot, k);
      for (let i = 0; i < count; i++) {
        const joint = p * (slot[i] as number);
        if (joint === 0) continue;
        row[i] = (row[i] as number) + joint;
        if (k + 1 === slots) continue;
        const grown = [...members, i].sort((a, b) => a - b);
        const known = next.get(grown.join());
        if (known) known.p += joint;
        else next.set(grown.join(), { members: grown, p: joint });
      }
    }
    rows.push(row);
    level = next;
  }
  return rows;
}

function sampled(
  rule: SlotRule,
  count: number,
  slots: number,
  draws: number,
  seed: string,
): MarginalPropensity {
  const rng = createRng(seed);
  const sums = Array.from({ length: slots }, () => new Float64Array(count));
  const squares = Array.from({ length: slots }, () => new Float64Array(count));
  const slot = new Float64Array(count);
  for (let n = 0; n < draws; n++) {
    const taken = new Uint8Array(count);
    for (let k = 0; k < slots; k++) {
      rule(taken, slot, k);
      const sum = sums[k] as Float64Array;
      const square = squares[k] as Float64Array;
      slot.forEach((p, i) => {
        sum[i] = (sum[i] as number) + p;
        square[i] = (square[i] as number) + p * p;
      });
      taken[sampleIndex(slot, rng)] = 1;
    }
  }
  let worst = 0;
  const bySlot = sums.map((sum, k) =>
    sum.map((total, i) => {
      const mean = total / draws;
      worst = Math.max(worst, ((squares[k] as Float64Array)[i] as number) / draws - mean * mean);
      return mean;
    }),
  );
  return {
    bySlot,
    inSlate: columnSums(bySlot),
    method: 'monte-carlo',
    draws,
    standardError: Math.sqrt(worst / draws),
  };
}
