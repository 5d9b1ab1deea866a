import type { Context } from '#experiments';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MINUTES = 1440;
/** Zones whose formatter is kept; there are some 600 names. */
const MOST_ZONES = 1000;

/** Attributes of a context that say where its clock stands, in the order in which they are believed. */
export const CLOCK_ATTRIBUTES = ['timeZone', 'utcOffsetMinutes', 'hour'] as const;

const zones = new Map<string, Intl.DateTimeFormat | null>();

function formatterOf(zone: string): Intl.DateTimeFormat | null {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  let made: Intl.DateTimeFormat | null;
  try {
    made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    made = null;
  }
  if (zones.size < MOST_ZONES) zones.set(zone, made);
  return made;
}

/** Minutes that a zone is ahead of UTC at this moment, daylight saving included; null for a zone that is not known. */
function offsetOfZone(zone: string, at: number): number | null {
  const formatter = formatterOf(zone);
  if (!formatter || !Number.isFinite(at)) return null;
  const parts = new Map(formatter.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
  return Math.round((local - Math.floor(at / MINUTE_MS) * MINUTE_MS) / MINUTE_MS);
}

/**
 * Minutes to add to UTC for the wall clock of whoever the context is about: from `timeZone` (an IANA name), else
 * `utcOffsetMinutes`, else the whole local `hour` of a request made at `at` (right to the hour); null where none says it.
 * @param at Unix milliseconds.
 */
export function offsetMinutesOf(context: Context, at: number): number | null {
  const zone = own(context, 'timeZone');
  const ofZone = typeof zone === 'string' ? offsetOfZone(zone, at) : null;
  if (ofZone !== null) return ofZone;
  const offset = own(context, 'utcOffsetMinutes');
  if (typeof offset === 'number' && Math.abs(offset) <= DAY_MINUTES) return Math.round(offset);
  const hour = own(context, 'hour');
  if (typeof hour !== 'number' || !(hour >= 0 && hour < 24) || !Number.isFinite(at)) return null;
  const ahead = Math.floor(hour) - new Date(at).getUTCHours();
  return 60 * (ahead > 14 ? ahead - 24 : ahead < -11 ? ahead + 24 : ahead);
}

const own = (context: Context, name: string): Context[string] | undefined =>
  Object.hasOwn(context, name) ? context[name] : undefined;

/** Hour of the local week, 0 to 167; 0 is Sunday at midnight. @param at Unix milliseconds. */
export function hourOfWeek(at: number, offsetMinutes: number): number {
  const hours = Math.floor((at + offsetMinutes * MINUTE_MS) / HOUR_MS);
  // 1 January 1970 was a Thursday.
  return (((hours + 4 * 24) % 168) + 168) % 168;
}

/** Number of the local day, from 1 January 1970. @param at Unix milliseconds. */
export const localDay = (at: number, offsetMinutes: number): number =>
  Math.floor((at + offsetMinutes * MINUTE_MS) / (24 * HOUR_MS));

/** Times that a context lists under a name (ISO 8601, or Unix seconds as text), no later than `at`, oldest first. */
export function timesIn(context: Context, attribute: string, at: number): number[] {
  const listed = own(context, attribute);
  if (!Array.isArray(listed)) return [];
  const times = (listed as readonly string[])
    .map((text) => (/^\d{1,12}$/.test(text) ? 1000 * Number(text) : Date.parse(text)))
    .filter((time) => Number.isFinite(time) && time <= at);
  return times.sort((a, b) => a - b);
}
