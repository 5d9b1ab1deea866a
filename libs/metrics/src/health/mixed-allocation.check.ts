import { percent } from '../prose.js';
import { defineCheck, units } from './define-check.js';
import type { EntryFact } from './facts.js';

/** Difference of an arm's share between two allocations that matters. */
const MIN_DIFFERENCE = 0.01;
/** Share of all units that has to have entered under another allocation than most. */
const MIN_UNITS = 0.01;

interface Allocation {
  readonly shares: readonly number[];
  readonly since: string;
  units: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Units by allocation, oldest first; shares and not weights, so that a change of traffic alone is none. */
function allocationsOf(entries: readonly EntryFact[]): Allocation[] {
  const found: Allocation[] = [];
  for (const { day, weights, units: entered } of entries) {
    const [total, count] = [sum(weights), sum(entered)];
    if (!(total > 0) || count === 0) continue;
    const shares = weights.map((weight) => weight / total);
    const same = found.find((other) => difference(other.shares, shares) < MIN_DIFFERENCE);
    if (same) same.units += count;
    else found.push({ shares, since: day, units: count });
  }
  return found;
}

function difference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((share, i) => Math.abs(share - (b[i] ?? 0))));
}

export const mixedAllocationCheck = defineCheck({
  key: 'mixed-allocation',
  title: 'Weights changed between phases',
  description:
    'Arms are compared over all phases together. Where their shares changed, one arm holds more of the units of one time, and a difference between the times looks like an effect of the arm (Simpson’s paradox).',
  rule: 'Fails when an arm’s planned share differs by 1 point or more between phases, and 1 % of the units or more entered under another allocation than most. A change of traffic with equal shares is none.',
  threshold: MIN_UNITS,
  causes: ['The weights of arms were changed while units entered', 'An arm was added, closed or opened'],
  next: [
    'Look at one phase: the report as of the day before the change shows the first',
    'Or stop, and begin a new experiment with the new weights',
    'To expose more people, raise the traffic and leave the weights as they are',
  ],
  judge({ entries }) {
    if (!entries) return null;
    const allocations = allocationsOf(entries);
    const total = sum(allocations.map((allocation) => allocation.units));
    const most = Math.max(0, ...allocations.map((allocation) => allocation.units));
    const others = total > 0 ? (total - most) / total : 0;
    const mixed = others >= MIN_UNITS;
    return {
      status: mixed ? 'fail' : 'pass',
      value: others,
      blocks: mixed,
      unitsAffected: total - most,
      firstSeen: mixed ? (allocations[1]?.since ?? null) : null,
      explanation: mixed
        ? `Weights changed between phases: ${units(total - most)} (${percent(others, 1)}) entered under other weights than the rest; look at one phase.`
        : 'All units entered under the same weights, or all but a few.',
      rows: allocations.map(({ shares, since, units: entered }) => ({
        label: `from ${since}`,
        text: `${shares.map((share) => percent(share, 1)).join(' : ')}; ${units(entered)}`,
      })),
    };
  },
});
