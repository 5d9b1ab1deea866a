import type { Context, Experiment, Switchback } from './vocabulary.js';

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
    const slot = `${unitId}@${slotOf(at, switchback)}`;
    return { unit: { unitId: slot, unitType }, hashed: slot };
  }
  const hashed = clusterBy ? finder.idOf(clusterBy, unit, context) : unitId;
  return hashed === null ? null : { unit: { unitId, unitType }, hashed };
}

/** Transitions of time zones fall on quarters of an hour, so one offset serves a whole quarter. */
const QUARTER_MS = 15 * MINUTE_MS;
const MOST_QUARTERS = 256;
const clocks = new Map<
  string,
  { readonly format: Intl.DateTimeFormat; readonly known: Map<number, number> }
>();

/** Milliseconds by which the clocks of a time zone are ahead of UTC. @throws RangeError for a zone that does not exist. */
function offsetOf(timeZone: string, at: number): number {
  let clock = clocks.get(timeZone);
  if (!clock) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    clocks.set(timeZone, (clock = { format, known: new Map() }));
  }
  const quarter = Math.floor(at / QUARTER_MS);
  const known = clock.known.get(quarter);
  if (known !== undefined) return known;
  const name = clock.format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE_MS;
  const offset = sign === '-' ? -ahead : ahead;
  if (clock.known.size >= MOST_QUARTERS) clock.known.clear();
  clock.known.set(quarter, offset);
  return offset;
}

const pair = (n: number): string => String(n).padStart(2, '0');
function offsetName(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset) / MINUTE_MS;
  return `${offset < 0 ? '-' : '+'}${pair(Math.floor(minutes / 60))}:${pair(minutes % 60)}`;
}

/**
 * Start of the slot that holds a time, to the minute, as ISO 8601 with its offset: `2026-11-26T20:30Z`. Slots begin at
 * midnight of 1970-01-01 by the clocks of the zone; where those are put back or forward, a slot is longer or shorter.
 */
export function slotOf(at: number, { slotMinutes, timeZone }: Switchback): string {
  const length = slotMinutes * MINUTE_MS;
  const zone = timeZone ?? null;
  const offset = zone === null ? 0 : offsetOf(zone, at);
  const local = Math.floor((at + offset) / length) * length;
  // Clocks may have changed within the slot: its start has the offset of its own time.
  const own = zone === null ? 0 : offsetOf(zone, local - offset);
  return `${new Date(local).toISOString().slice(0, 16)}${offsetName(own)}`;
}

/** End of the unit of a slot, `<id>@<start of the slot>`, with the start as its group; for JavaScript and PostgreSQL alike. */
export const SLOT_PATTERN = String.raw`@(\d{4}-\d\d-\d\dT\d\d:\d\d(?:Z|[+-]\d\d:\d\d))$`;
const SLOT = new RegExp(SLOT_PATTERN);

/**
 * The unit of a slot taken apart: who was asked for, and when the slot began in Unix milliseconds. Null for an id that ends
 * with no slot.
 */
export function slotUnit(unitId: string): { readonly id: string; readonly start: number } | null {
  const found = SLOT.exec(unitId);
  const start = Date.parse(found?.[1] ?? '');
  return found && !Number.isNaN(start) ? { id: unitId.slice(0, found.index), start } : null;
}

/**
 * Numbers slots in the order of their starts: one that follows another has the next number, and one that comes later
 * stands as many numbers further as slots lie between. No two share one: where clocks are put back or forward, two slots
 * can begin less than a slot's length apart, and the same hour of the clock can come twice.
 * @param starts Unix milliseconds, in any order.
 * @returns number by start; the first is 0.
 */
export function numberSlots(starts: Iterable<number>, switchback: Switchback): Map<number, number> {
  const length = switchback.slotMinutes * MINUTE_MS;
  // What ends as this one begins is the slot before, however long the clocks made it.
  const follows = (start: number): boolean => Date.parse(slotOf(start - 1, switchback)) === last;
  const numbers = new Map<number, number>();
  let [last, number] = [0, 0];
  for (const start of Float64Array.from(new Set(starts)).sort()) {
    if (numbers.size > 0) number += follows(start) ? 1 : Math.max(2, Math.round((start - last) / length));
    numbers.set(start, number);
    last = start;
  }
  return numbers;
}

/** Whether the clocks of a time zone are known, as IANA names it. */
export function isTimeZone(name: string): boolean {
  try {
    offsetOf(name, 0);
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
