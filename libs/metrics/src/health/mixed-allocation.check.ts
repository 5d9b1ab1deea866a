import { percent } from '../prose.js';
import { defineCheck, units } from './define-check.js';
import type { CombinedFact, EntryFact } from './facts.js';

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

function consequence(combined: CombinedFact | undefined): string {
  if (!combined)
    return 'look at one phase, or choose the confidence sequence, which is combined allocation by allocation.';
  if (combined.blocked.length > 0)
    return `${combined.blocked.join(', ')} cannot be combined allocation by allocation; look at one phase.`;
  const pooled =
    combined.pooled.length > 0 ? ` Still over all units together: ${combined.pooled.join(', ')}.` : '';
  const leftOut =
    combined.leftOut > 0
      ? ` ${units(combined.leftOut)} do not count, because an arm has fewer than 100 under their allocation.`
      : '';
  return `results are combined allocation by allocation.${leftOut}${pooled}`;
}

export const mixedAllocationCheck = defineCheck({
  key: 'mixed-allocation',
  title: 'Weights changed between phases',
  description:
    'Where the shares of arms changed, one arm holds more of the units of one time, and a difference between the times looks like an effect of the arm (Simpson’s paradox). So arms are compared within each allocation, and the differences combined by its share of the units.',
  rule: 'Warns when an arm’s planned share differs by 1 point or more between phases, and 1 % of the units or more entered under another allocation than most. Fails when a decision metric or guardrail cannot be combined allocation by allocation. A change of traffic with equal shares is none.',
  threshold: MIN_UNITS,
  causes: ['The weights of arms were changed while units entered', 'An arm was added, closed or opened'],
  next: [
    'Prefer the weights as they are: combined results are less certain than those of one allocation',
    'Look at one phase: the report as of the day before the change shows the first',
    'Or stop, and begin a new experiment with the new weights',
    'To expose more people, raise the traffic and leave the weights as they are',
  ],
  judge({ entries, combined }) {
    if (!entries) return null;
    const allocations = allocationsOf(entries);
    const total = sum(allocations.map((allocation) => allocation.units));
    const most = Math.max(0, ...allocations.map((allocation) => allocation.units));
    const others = total > 0 ? (total - most) / total : 0;
    const mixed = others >= MIN_UNITS;
    const blocks = mixed && (combined === undefined || combined.blocked.length > 0);
    return {
      status: blocks ? 'fail' : mixed ? 'warn' : 'pass',
      value: others,
      blocks,
      unitsAffected: total - most,
      firstSeen: mixed ? (allocations[1]?.since ?? null) : null,
      explanation: mixed
        ? `Weights changed between phases: ${units(total - most)} (${percent(others, 1)}) entered under other weights than the rest; ${consequence(combined)}`
        : 'All units entered under the same weights, or all but a few.',
      rows: allocations.map(({ shares, since, units: entered }) => ({
        label: `from ${since}`,
        text: `${shares.map((share) => percent(share, 1)).join(' : ')}; ${units(entered)}`,
      })),
    };
  },
});
