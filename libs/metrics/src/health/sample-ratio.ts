import type { HealthFacts } from '../contract.js';
import { chiSquareSf } from '../distributions/index.js';
import { logDirichletBayesFactor } from '../sequential/index.js';
import type { EntryFact, GroupFact } from './facts.js';

/** Below this p-value the split is not the planned one (Fabijan et al. 2019 use the same). */
export const FAIL_BELOW = 0.001;
export const WARN_BELOW = 0.01;
/** Smaller deviations of a share fail no experiment however large it is: they move no effect noticeably. */
export const MIN_DEVIATION = 0.001;
export const MIN_EXPECTED = 5;
/** Prior of the sequential test: small enough to see small leaks early, see docs/explanation/health-checks.md. */
const CONCENTRATION = 1000;

export interface SampleRatio {
  readonly chi2: number;
  readonly df: number;
  readonly pValue: number;
  readonly expected: readonly number[];
  /** Largest absolute difference between an arm's share of the units and its planned share. */
  readonly deviation: number;
  /** Units in arms of weight zero: not tested, but they should not be there. */
  readonly unexpectedUnits: number;
}

/**
 * Pearson's chi-square of units against weights over the arms of positive weight. Where the allocation changed, the
 * weights are the expected units: the sum over phases of the phase's units times its weights.
 * @returns null with fewer than two such arms, or without units in them.
 */
export function sampleRatio(units: readonly number[], weights: readonly number[]): SampleRatio | null {
  const tested = units
    .map((count, i) => ({ count, weight: weights[i] ?? 0 }))
    .filter(({ weight }) => weight > 0);
  const total = tested.reduce((sum, { count }) => sum + count, 0);
  const weightSum = tested.reduce((sum, { weight }) => sum + weight, 0);
  if (tested.length < 2 || !(total > 0)) return null;
  const expected = tested.map(({ weight }) => (total * weight) / weightSum);
  const chi2 = tested.reduce(
    (sum, { count }, i) => sum + (count - (expected[i] as number)) ** 2 / (expected[i] as number),
    0,
  );
  const deviation = Math.max(
    ...tested.map(({ count }, i) => Math.abs(count - (expected[i] as number)) / total),
  );
  const all = units.reduce((sum, count) => sum + count, 0);
  const df = tested.length - 1;
  return { chi2, df, pValue: chiSquareSf(chi2, df), expected, deviation, unexpectedUnits: all - total };
}

export interface SequentialRatio {
  /** Running minimum over the days; valid however often it is looked at. */
  readonly pValue: number;
  /** First day on which it was below FAIL_BELOW. */
  readonly failedOn: string | null;
}

interface Allocation {
  readonly arms: readonly number[];
  readonly shares: readonly number[];
  readonly counts: number[];
}

function allocationOf({ weights }: EntryFact): Allocation {
  const arms = weights.map((_, i) => i).filter((i) => (weights[i] as number) > 0);
  const sum = arms.reduce((total, i) => total + (weights[i] as number), 0);
  return { arms, shares: arms.map((i) => (weights[i] as number) / sum), counts: arms.map(() => 0) };
}

/**
 * The split tested day by day (Lindon and Malek 2022, arXiv 2011.03567), across changes of the allocation: units that
 * entered under one allocation are independent of those under another given the plan, so the Bayes factors
 * multiply, and the product is again a test martingale.
 * @param entries oldest day first.
 * @returns null when nothing can be tested.
 */
export function sequentialRatio(entries: readonly EntryFact[]): SequentialRatio | null {
  const allocations = new Map<string, Allocation>();
  let largest = -Infinity;
  let failedOn: string | null = null;
  entries.forEach((entry, i) => {
    const key = JSON.stringify(entry.weights);
    const allocation = allocations.get(key) ?? allocationOf(entry);
    allocations.set(key, allocation);
    allocation.arms.forEach((arm, j) => {
      allocation.counts[j] = (allocation.counts[j] as number) + (entry.units[arm] ?? 0);
    });
    if (entries[i + 1]?.day === entry.day) return;
    largest = Math.max(largest, logBayesFactor([...allocations.values()]));
    if (failedOn === null && -largest < Math.log(FAIL_BELOW)) failedOn = entry.day;
  });
  if (!Number.isFinite(largest)) return null;
  return { pValue: Math.min(1, Math.exp(-largest)), failedOn };
}

function logBayesFactor(allocations: readonly Allocation[]): number {
  return allocations
    .filter(({ arms }) => arms.length > 1)
    .reduce((sum, { counts, shares }) => sum + logDirichletBayesFactor(counts, shares, CONCENTRATION), 0);
}

export interface GroupRatio {
  readonly dimension: string;
  readonly value: string;
  readonly units: number;
  readonly pValue: number;
  readonly deviation: number;
  /** Bonferroni over all groups tested. */
  readonly adjusted: number;
}

/** The split of every group of units and of every entry day, the least likely first; groups too small are left out. */
export function groupRatios(facts: HealthFacts): GroupRatio[] {
  const tested = [...(facts.groups ?? []), ...daysOf(facts.entries ?? [])].flatMap((group) => {
    const ratio = sampleRatio(group.units, group.expected);
    if (!ratio || Math.min(...ratio.expected) < MIN_EXPECTED) return [];
    const total = ratio.expected.reduce((sum, n) => sum + n, 0);
    const { dimension, value } = group;
    return [{ dimension, value, units: total, pValue: ratio.pValue, deviation: ratio.deviation }];
  });
  return tested
    .map((group) => ({ ...group, adjusted: Math.min(1, group.pValue * tested.length) }))
    .sort((a, b) => a.pValue - b.pValue || b.deviation - a.deviation);
}

/** Entry days as groups; what was planned for a day is summed over the allocations of that day. */
function daysOf(entries: readonly EntryFact[]): GroupFact[] {
  const days = new Map<string, { units: number[]; expected: number[] }>();
  for (const { day, weights, units } of entries) {
    const sums = days.get(day) ?? { units: units.map(() => 0), expected: units.map(() => 0) };
    const total = units.reduce((sum, n, i) => sum + ((weights[i] ?? 0) > 0 ? n : 0), 0);
    const weight = weights.reduce((sum, n) => sum + n, 0);
    units.forEach((n, i) => {
      sums.units[i] = (sums.units[i] as number) + n;
      if (weight > 0) sums.expected[i] = (sums.expected[i] as number) + (total * (weights[i] ?? 0)) / weight;
    });
    days.set(day, sums);
  }
  return [...days].map(([value, sums]) => ({ dimension: 'entry day', value, ...sums }));
}
