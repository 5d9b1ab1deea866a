import type { Sampler } from '../sampler.js';

const { exp, floor, log, sqrt } = Math;

export const DAY = 86_400_000;
/** A Friday, midnight UTC. */
export const START = Date.UTC(2026, 4, 1);

/** What units do; the names that metric definitions read. */
export const OUTCOMES = [
  'session_start',
  'play',
  'watch',
  'complete',
  'skip',
  'pause',
  'click',
  'cancel',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Who wants to know what happens, in the order of time for each unit. Times are Unix milliseconds. */
export interface Sink {
  /** The unit was shown what the experiment decided. @param decision number of the decision, one per exposure. */
  exposure(unit: number, at: number, decision: number): void;
  /** @param decision the decision that the outcome names, -1 for none; @param value seconds of `watch`, else 0. */
  outcome(unit: number, at: number, name: Outcome, value: number, decision: number): void;
}

/** Habits of one unit: they differ a lot between units, and little over time. */
export interface Habits {
  readonly sessionsPerDay: number;
  readonly playsPerSession: number;
  /** Logarithm of the typical length of a title watched, in seconds. */
  readonly logWatch: number;
  readonly pausesPerPlay: number;
}

export function drawHabits(sampler: Sampler): Habits {
  const zeal = sampler.normal();
  return {
    sessionsPerDay: Math.min(3, 0.35 * exp(0.5 * zeal)),
    playsPerSession: Math.min(4, exp(0.15 * zeal + 0.2 * sampler.normal())),
    logWatch: log(1200) + 0.2 * zeal + 0.2 * sampler.normal(),
    pausesPerPlay: 0.6 * exp(0.15 * sampler.normal()),
  };
}

const WEEKEND = 1.4;
const CANCELS_PER_DAY = 0.003;
const SHOWN_AGAIN = 0.25;
const ATTRIBUTED = 0.4;

/** What the treatment changes; 1 for nothing. */
export interface Influence {
  readonly watchTime: number;
}

/** The state of a unit that its days share. */
export interface Member {
  readonly unit: number;
  readonly habits: Habits;
  readonly influence: Influence;
  /** Newest decision about this unit; -1 before the first. */
  decision: number;
  cancelled: boolean;
}

/**
 * One unit's day from `from` to midnight: sessions with plays, most of which are watched for a while, and a small
 * chance to cancel, after which nothing more happens.
 * @param nextDecision numbers a decision; null before the experiment, when there are none.
 */
export function liveDay(
  member: Member,
  from: number,
  sampler: Sampler,
  sink: Sink,
  nextDecision: (() => number) | null,
): void {
  const day = floor((from - START) / DAY);
  const midnight = START + (day + 1) * DAY;
  const { habits } = member;
  const weekend = (day + 7000) % 7 === 1 || (day + 7000) % 7 === 2;
  const share = (midnight - from) / DAY;
  const sessions = sampler.poisson(habits.sessionsPerDay * share * (weekend ? WEEKEND : 1));
  const times = Array.from({ length: sessions }, () => from + floor(sampler.uniform() * (midnight - from)));
  for (const at of times.sort((a, b) => a - b)) {
    if (nextDecision && sampler.uniform() < SHOWN_AGAIN) {
      member.decision = nextDecision();
      sink.exposure(member.unit, at, member.decision);
    }
    liveSession(member, at, sampler, sink);
  }
  if (nextDecision && sampler.uniform() < CANCELS_PER_DAY * share) {
    sink.outcome(member.unit, midnight - 1, 'cancel', 0, -1);
    member.cancelled = true;
  }
}

function liveSession(member: Member, at: number, sampler: Sampler, sink: Sink): void {
  const { unit, habits, influence } = member;
  sink.outcome(unit, at, 'session_start', 0, -1);
  for (let plays = sampler.poisson(habits.playsPerSession); plays > 0; plays--) {
    const about = member.decision >= 0 && sampler.uniform() < ATTRIBUTED ? member.decision : -1;
    if (about >= 0) sink.outcome(unit, at, 'click', 0, about);
    sink.outcome(unit, at, 'play', 0, about);
    for (let pauses = sampler.poisson(habits.pausesPerPlay); pauses > 0; pauses--)
      sink.outcome(unit, at, 'pause', 0, -1);
    const fate = sampler.uniform();
    if (fate < 0.2) {
      sink.outcome(unit, at, 'skip', 0, -1);
      continue;
    }
    const seconds = exp(habits.logWatch + 0.7 * sampler.normal()) * influence.watchTime;
    sink.outcome(unit, at, 'watch', Math.round(seconds), about);
    if (fate < 0.55) sink.outcome(unit, at, 'complete', 0, about);
  }
}

/** Days before and since START on which the units of an experiment enter: many at first, fewer later. */
export function entryTime(sampler: Sampler, days: number): number {
  const u = sampler.uniform();
  return START + floor(u * sqrt(u) * days * DAY);
}
