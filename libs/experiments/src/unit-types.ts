import type { Context, Experiment } from './vocabulary.js';

/** A kind of unit, and the field of a context that carries the id of one. */
export interface UnitType {
  readonly key: string;
  readonly title: string;
  /** Null: only a request whose `unitType` it is knows the id. */
  readonly contextField: string | null;
}

export interface Unit {
  readonly unitId: string;
  readonly unitType: string;
}

/** What every installation knows; others are registered. */
export const BUILT_IN_UNIT_TYPES: readonly UnitType[] = [
  { key: 'member', title: 'Member', contextField: 'memberId' },
  { key: 'profile', title: 'Profile', contextField: 'profileId' },
  { key: 'device', title: 'Device', contextField: 'deviceId' },
  { key: 'session', title: 'Session', contextField: 'sessionId' },
  { key: 'account', title: 'Account', contextField: 'accountId' },
  { key: 'household', title: 'Household', contextField: 'householdId' },
  { key: 'market', title: 'Market', contextField: 'market' },
];

const MOST_CHARACTERS = 128;
const MINUTE_MS = 60_000;

/** Finds the units of a request by their type. */
export interface UnitFinder {
  /** The id of the request's unit of a type: its own, or the one in the context. Null where there is none. */
  idOf(unitType: string, unit: Unit, context: Context): string | null;
}

export function unitFinder(types: readonly UnitType[] = BUILT_IN_UNIT_TYPES): UnitFinder {
  const fields = new Map(types.map(({ key, contextField }) => [key, contextField]));
  return {
    idOf(unitType, unit, context) {
      if (unitType === unit.unitType) return unit.unitId;
      const field = fields.get(unitType) ?? null;
      const id = field !== null && Object.hasOwn(context, field) ? context[field] : null;
      return typeof id === 'string' && id.length > 0 && id.length <= MOST_CHARACTERS ? id : null;
    },
  };
}

/** The unit that is compared, and the text that is hashed for it. */
export interface Subject {
  readonly unit: Unit;
  readonly hashed: string;
}

type Design = Pick<Experiment, 'unitType' | 'clusterBy' | 'switchback'>;

/** Whether an experiment hashes the request's own unit as it is: the hot path. */
export const isPlain = ({ clusterBy, switchback }: Design): boolean => !clusterBy && !switchback;

/**
 * Who takes part in an experiment. Clusters: the cluster's id is hashed, so that its units share an arm, and the unit is
 * compared. Switchback: the unit of a slot of time is another one in the next slot, `<id>@<start of the slot>`, and is
 * compared as such.
 * @param at Unix milliseconds; only switchbacks look at it.
 * @returns null where the request does not know the unit or its cluster.
 */
export function subjectOf(
  design: Design,
  finder: UnitFinder,
  unit: Unit,
  context: Context,
  at: number,
): Subject | null {
  const { unitType, clusterBy, switchback } = design;
  const unitId = finder.idOf(unitType, unit, context);
  if (unitId === null) return null;
  if (switchback) {
    const slot = `${unitId}@${slotOf(at, switchback.slotMinutes)}`;
    return { unit: { unitId: slot, unitType }, hashed: slot };
  }
  const hashed = clusterBy ? finder.idOf(clusterBy, unit, context) : unitId;
  return hashed === null ? null : { unit: { unitId, unitType }, hashed };
}

/** Start of the slot that holds a time, to the minute: `2026-11-26T20:30Z`. Slots begin at midnight UTC of 1970. */
export function slotOf(at: number, slotMinutes: number): string {
  const length = slotMinutes * MINUTE_MS;
  return `${new Date(Math.floor(at / length) * length).toISOString().slice(0, 16)}Z`;
}
