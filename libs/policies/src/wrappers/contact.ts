import type { Context } from '#experiments';
import { hourOfWeek, offsetMinutesOf, timesIn } from '../local-time.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far ahead the next good moment is looked for. */
const AHEAD_HOURS = 8 * 24;

/** Whether a unit may be sent something now: `open`, or what stands in the way. */
export type ContactStatus = 'open' | 'declined' | 'capped' | 'quiet' | 'later';

/** Rules about when a unit may be sent something. Hours are those of its own wall clock. */
export interface ContactRules {
  readonly mostPerDay: number;
  readonly mostPerWeek: number;
  readonly quietFrom: number;
  readonly quietUntil: number;
  readonly leastFit: number;
  readonly habitVisits: number;
  readonly consent: 'assumed' | 'required';
  /** Names of context attributes. */
  readonly sent: string;
  readonly allowed: string;
  readonly visits: string;
}

export interface Contact {
  readonly status: ContactStatus;
  /** Unix milliseconds of the next moment at which the rules let something through, now included; null: none is known. */
  readonly nextAt: number | null;
}

/** Quiet hours may go past midnight; from and until alike: there are none. */
const isQuiet = (hour: number, { quietFrom, quietUntil }: ContactRules): boolean =>
  quietFrom <= quietUntil ? hour >= quietFrom && hour < quietUntil : hour >= quietFrom || hour < quietUntil;

/**
 * How good each local hour is, as a share of the best that is not quiet: the hours of the unit's visits, smoothed over
 * their neighbours, and an even spread worth `habitVisits`. Without visits all hours are alike.
 */
function fitOfHours(visits: readonly number[], offset: number, rules: ContactRules): Float64Array {
  const counts = new Float64Array(24);
  for (const at of visits) {
    const hour = hourOfWeek(at, offset) % 24;
    for (const [shift, weight] of [
      [-1, 0.25],
      [0, 0.5],
      [1, 0.25],
    ] as const) {
      const near = (hour + shift + 24) % 24;
      counts[near] = (counts[near] as number) + weight;
    }
  }
  const likely = counts.map((count) => count + rules.habitVisits / 24);
  let best = 0;
  likely.forEach((value, hour) => {
    if (!isQuiet(hour, rules)) best = Math.max(best, value);
  });
  return likely.map((value) => (best > 0 ? value / best : 1));
}

/** From when on there is room below the caps again, if nothing more is sent. */
function uncappedAt(
  sent: readonly number[],
  at: number,
  { mostPerDay, mostPerWeek }: ContactRules,
): number | null {
  let from = at;
  for (const [most, span] of [
    [mostPerDay, DAY_MS],
    [mostPerWeek, 7 * DAY_MS],
  ] as const) {
    if (most === 0) return null;
    const within = sent.filter((time) => time > at - span);
    if (within.length >= most) from = Math.max(from, (within[within.length - most] as number) + span);
  }
  return from;
}

/**
 * Whether a unit may be sent something at a moment. Who has declined is never sent anything. Where the clock of the unit is
 * not known every hour is quiet: nobody is woken by a guess.
 * @param at Unix milliseconds.
 */
export function contactOf(context: Context, at: number, rules: ContactRules): Contact {
  const consent = Object.hasOwn(context, rules.allowed) ? context[rules.allowed] : undefined;
  if (consent === false || (rules.consent === 'required' && consent !== true))
    return { status: 'declined', nextAt: null };
  const from = uncappedAt(timesIn(context, rules.sent, at), at, rules);
  if (from === null) return { status: 'capped', nextAt: null };
  const offset = offsetMinutesOf(context, at);
  if (offset === null) return { status: 'quiet', nextAt: null };
  const fit = fitOfHours(timesIn(context, rules.visits, at), offset, rules);
  const hourOf = (time: number): number => hourOfWeek(time, offset) % 24;
  const isGood = (hour: number): boolean => !isQuiet(hour, rules) && (fit[hour] as number) >= rules.leastFit;
  const nextAt = firstGood(from, hourOf, isGood);
  if (from > at) return { status: 'capped', nextAt };
  const hour = hourOf(at);
  if (isQuiet(hour, rules)) return { status: 'quiet', nextAt };
  return isGood(hour) ? { status: 'open', nextAt: at } : { status: 'later', nextAt };
}

/** The moment itself, else the start of the first full local hour after it that is good. */
function firstGood(
  from: number,
  hourOf: (time: number) => number,
  isGood: (hour: number) => boolean,
): number | null {
  if (isGood(hourOf(from))) return from;
  // Local hours begin at a full quarter everywhere.
  const quarter = HOUR_MS / 4;
  const start = Math.ceil((from + 1) / quarter) * quarter;
  for (let n = 0; n < 4 * AHEAD_HOURS; n++)
    if (isGood(hourOf(start + n * quarter))) return start + n * quarter;
  return null;
}
