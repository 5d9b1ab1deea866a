import { freeRanges } from '#experiments';
import type { Booking } from './calendar.js';

/**
 * Why two experiments are in each other's way. `same-units`: they want the same units of one surface. `layer-full`: a draft
 * finds no part of its layer free. `layer-unit`: a draft is in a layer whose parts others hold by another kind of unit.
 * `same-metric`: they serve the same units on different surfaces and are decided by one
 * metric, so that each is part of what the other measures.
 */
export type ClashReason = 'same-units' | 'layer-full' | 'layer-unit' | 'same-metric';

export interface Clash {
  readonly reason: ClashReason;
  /** Surface or surfaces that it is about. */
  readonly surface: string;
  readonly experiments: readonly [string, string];
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const overlaps = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[1] && b[0] < a[1];

/**
 * Whether a unit can be in both: not where they have parts of one layer that do not touch. A draft gets a free part at its
 * start, so that it touches nobody of its layer. Parts keep nobody apart where other units are hashed: a member is
 * anywhere in the layer, whatever the part of its household.
 */
function shareUnits(a: Booking, b: Booking): boolean {
  if (a.dealtBy !== b.dealtBy) return true;
  if (a.status === 'draft' || b.status === 'draft')
    return !a.layers.some((one) => b.layers.some((other) => one.layer === other.layer));
  return !a.layers.some((one) =>
    b.layers.some((other) => one.layer === other.layer && !overlaps(one.range, other.range)),
  );
}

const isDraft = ({ status }: Booking): boolean => status === 'draft';

/** A layer that both are in. */
const sharedLayer = (a: Booking, b: Booking): string | null =>
  a.layers.find((one) => b.layers.some((other) => one.layer === other.layer))?.layer ?? null;

/** Pairs that share units and time, and the surface or the metric that they are decided by. */
function between(a: Booking, b: Booking): Clash[] {
  if (!overlaps([a.from, a.to], [b.from, b.to]) || !shareUnits(a, b)) return [];
  const span = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
  const experiments = [a.key, b.key] as const;
  // It cannot start like that, and is told so.
  if (a.dealtBy !== b.dealtBy && isDraft(a) !== isDraft(b) && sharedLayer(a, b) !== null) return [];
  if (a.surface === b.surface && a.dealtBy !== b.dealtBy)
    return [
      {
        ...{ reason: 'same-units', surface: a.surface, experiments, ...span },
        text: `Both may want the same requests of ${a.surface}: one deals by ${a.dealtBy}, the other by ${b.dealtBy}, and no layer keeps those apart. The older one gets them.`,
      },
    ];
  if (a.surface === b.surface)
    return [
      {
        ...{ reason: 'same-units', surface: a.surface, experiments, ...span },
        text: `Both want the same ${a.unitType}s of ${a.surface}: the older one gets them.`,
      },
    ];
  if (a.unitType !== b.unitType || a.metric === null || a.metric !== b.metric) return [];
  return [
    {
      ...{ reason: 'same-metric', surface: `${a.surface}, ${b.surface}`, experiments, ...span },
      text: `Both are decided by ${a.metric} of the same ${a.unitType}s: each moves what the other measures.`,
    },
  ];
}

const wide = (range: readonly [number, number]): number => range[1] - range[0];

/** What has to end before a draft can start: those that own the layer in which it finds no room. */
function full(draft: Booking, others: readonly Booking[]): Clash[] {
  return draft.layers.flatMap(({ layer, range }) => {
    const owners = others.flatMap((other) =>
      other.layers.filter((one) => one.layer === layer).map((one) => ({ other, range: one.range })),
    );
    const free = freeRanges(
      owners.map(({ other, range: taken }) => ({ experiment: other.key, range: taken })),
    );
    const room = Math.max(0, ...free.map(wide));
    if (room > 0 && room >= wide(range)) return [];
    return owners
      .filter(({ other }) => overlaps([draft.from, draft.to], [other.from, other.to]))
      .map(({ other, range: taken }): Clash => ({
        ...{ reason: 'layer-full', surface: draft.surface, experiments: [other.key, draft.key] },
        ...{ from: Math.max(draft.from, other.from), to: Math.min(draft.to, other.to) },
        text: `The layer ${layer} has ${(room * 100).toFixed(0)} % free in one piece, ${draft.key} asks for ${wide(range) > 0 ? `${(wide(range) * 100).toFixed(0)} %` : 'a part'}; ${other.key} has ${(wide(taken) * 100).toFixed(0)} %.`,
      }));
  });
}

/** What keeps a draft out of its layer: those that hold parts of it and deal otherwise. */
function dealtOtherwise(draft: Booking, others: readonly Booking[]): Clash[] {
  return others.flatMap((other) => {
    const layer = sharedLayer(draft, other);
    if (layer === null || other.dealtBy === draft.dealtBy) return [];
    // Parts are held from the day of the plan, so it need not run yet.
    const { from } = draft;
    return [
      {
        ...{ reason: 'layer-unit', surface: draft.surface, experiments: [other.key, draft.key] },
        ...{ from, to: Math.max(from, Math.min(draft.to, other.to)) },
        text: `The layer ${layer} deals by ${other.dealtBy}, by which ${other.key} holds a part of it; ${draft.key} is dealt by ${draft.dealtBy} and needs another layer.`,
      },
    ];
  });
}

const CLAIMING: ReadonlySet<string> = new Set(['scheduled', 'running', 'paused']);

/** Every pair that is in each other's way, with the reason; a draft counts as if it started now. */
export function clashesOf(all: readonly Booking[]): Clash[] {
  const owners = all.filter(({ status }) => CLAIMING.has(status));
  return all.flatMap((a, i) => [
    ...all.slice(i + 1).flatMap((b) => between(a, b)),
    ...(isDraft(a) ? [...full(a, owners), ...dealtOtherwise(a, owners)] : []),
  ]);
}
