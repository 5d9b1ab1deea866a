import type { EntryFact, GroupFact } from '#metrics';
import type { Population } from './report-store.js';

export interface GroupRow {
  readonly attribute: string;
  readonly value: string;
  readonly phase: number;
  readonly arm: string;
  readonly units: number;
}

/** Values beyond the most frequent ones of an attribute are too small to compare. */
const MOST_VALUES = 12;

/** Units of each attribute value by arm, beside what the allocation of their phases would have given. */
export function groupsOf(
  rows: readonly GroupRow[],
  { phases }: Population,
  arms: readonly string[],
): GroupFact[] {
  const weights = new Map(phases.map((phase) => [phase.phase, phase.weights]));
  const groups = new Map<string, GroupFact & { units: number[]; expected: number[] }>();
  for (const [id, members] of byGroup(rows)) {
    const [{ attribute, value }] = members as [GroupRow];
    const group = { dimension: attribute, value, units: arms.map(() => 0), expected: arms.map(() => 0) };
    for (const [phase, entered] of byPhase(members)) addPhase(group, entered, weights.get(phase) ?? {}, arms);
    groups.set(id, group);
  }
  return frequent([...groups.values()]);
}

const keyOf = (row: GroupRow): string => JSON.stringify([row.attribute, row.value]);

function byGroup(rows: readonly GroupRow[]): Map<string, GroupRow[]> {
  const groups = new Map<string, GroupRow[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

function byPhase(rows: readonly GroupRow[]): Map<number, GroupRow[]> {
  const phases = new Map<number, GroupRow[]>();
  for (const row of rows) phases.set(row.phase, [...(phases.get(row.phase) ?? []), row]);
  return phases;
}

function addPhase(
  group: { units: number[]; expected: number[] },
  rows: readonly GroupRow[],
  weights: Readonly<Record<string, number>>,
  arms: readonly string[],
): void {
  const planned = arms.map((arm) => weights[arm] ?? 0);
  const weight = planned.reduce((sum, n) => sum + n, 0);
  let tested = 0;
  for (const { arm, units } of rows) {
    const index = arms.indexOf(arm);
    if (index < 0) continue;
    group.units[index] = (group.units[index] ?? 0) + units;
    if ((planned[index] ?? 0) > 0) tested += units;
  }
  if (weight <= 0) return;
  planned.forEach((part, i) => (group.expected[i] = (group.expected[i] ?? 0) + (tested * part) / weight));
}

function frequent(groups: readonly GroupFact[]): GroupFact[] {
  const total = ({ units }: GroupFact): number => units.reduce((sum, n) => sum + n, 0);
  const kept = new Map<string, number>();
  return [...groups]
    .sort((a, b) => total(b) - total(a))
    .filter(({ dimension }) => {
      const n = kept.get(dimension) ?? 0;
      kept.set(dimension, n + 1);
      return n < MOST_VALUES;
    });
}

/** Entries by day and phase in the order of the arms, oldest day first. */
export function entriesOf(
  { entries, phases }: Pick<Population, 'entries' | 'phases'>,
  arms: readonly string[],
): EntryFact[] {
  const weights = new Map(phases.map((phase) => [phase.phase, arms.map((arm) => phase.weights[arm] ?? 0)]));
  const rows = new Map<string, { day: string; weights: readonly number[]; units: number[] }>();
  for (const { phase, day, arm, units } of entries) {
    const id = `${day} ${phase}`;
    const row = rows.get(id) ?? { day, weights: weights.get(phase) ?? [], units: arms.map(() => 0) };
    const index = arms.indexOf(arm);
    if (index >= 0) row.units[index] = (row.units[index] ?? 0) + units;
    rows.set(id, row);
  }
  return [...rows.values()].sort((a, b) => a.day.localeCompare(b.day));
}
