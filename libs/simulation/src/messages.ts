import type { Context } from '#experiments';
import { hourLikelihood, localTime, millisecondsPerDay, weekdaySessionFactor } from './calendar.js';
import { sessionsPerDay } from './behaviour.js';
import type { Member } from './members.js';
import type { MemberState } from './state.js';
import type { World } from './world.js';

/** What may be sent to a phone; the first one sends nothing. */
export const silentMessage = 'do-not-send';
export const messageTemplates = [
  { id: silentMessage, title: 'Nothing is sent' },
  { id: 'message-continue', title: 'Go on where you stopped' },
  { id: 'message-new', title: 'New this week' },
] as const;

/** Share of days on which the product asks whether to send something, at any hour. */
export const askingShare = 0.4;
/** Members with a phone or a tablet can be reached; one in eight of them has declined messages. */
export const isReachable = ({ device }: Member): boolean => device === 'phone' || device === 'tablet';

/** After so many hours the memory of a message has faded by half. */
const annoyanceHalfLifeHours = 72;
const opening = 0.42;
const dampening = 0.45;
/** A message on top of this much annoyance costs satisfaction, whether opened or not. */
const enough = 2;
const disappointment = 0.04;
const remembered = 20;

/** Messages still felt, each fading. @param at Unix milliseconds. */
export function annoyance({ notified }: MemberState, at: number): number {
  return notified.reduce((sum, time) => sum + 2 ** (-(at - time) / 3_600_000 / annoyanceHalfLifeHours), 0);
}

/** Chance that a message is opened: at the member's own hours more often, and ever less the more were sent lately. */
export function openProbability(state: MemberState, message: string, at: number): number {
  if (message === silentMessage) return 0;
  const { member, unfinished } = state;
  const { hour } = localTime(at, member.offsetMinutes);
  const rhythm = Math.min(1.25, Math.max(0.35, hourLikelihood(hour - member.hourShift)));
  const suits = message === 'message-new' ? 0.65 : unfinished === null ? 0.35 : 1.25;
  return opening * rhythm * suits * Math.exp(-dampening * annoyance(state, at));
}

/** Share of visits in which something is played; measured (messages.spec.ts measures it again). */
export const playingShare = 0.335;
/** Hours within which a play counts as brought about by a message. */
export const messageWindowHours = 24;

/**
 * What sending adds to the chance that the member plays something within a day: an opened message begins a visit, which
 * counts only where the member would not have played anyway.
 */
export function messageLift(state: MemberState, message: string, at: number): number {
  const { member, satisfaction } = state;
  const { weekday } = localTime(at + millisecondsPerDay / 2, member.offsetMinutes);
  const visits = sessionsPerDay(member, satisfaction) * weekdaySessionFactor(weekday);
  return openProbability(state, message, at) * playingShare * Math.exp(-playingShare * visits);
}

/** Notes a message that was sent; one too many costs satisfaction. */
export function receive(state: MemberState, at: number): void {
  if (annoyance(state, at) >= enough) state.satisfaction = Math.max(0, state.satisfaction - disappointment);
  state.notified = [...state.notified, at].slice(-remembered);
  count(state, at);
}

/**
 * Notes that a message was sent or withheld by lot. Caps count both: were a withheld one forgotten, the member could be sent
 * the next while the first one's window is open, and would be compared as if nothing had come.
 */
export function count(state: MemberState, at: number): void {
  state.counted = [...state.counted, at].slice(-remembered);
}

/** Notes a visit; a client remembers the newest. */
export function visited(state: MemberState, at: number): void {
  state.visits = [...state.visits, at].slice(-remembered);
}

/** What the sender of messages knows of a member beside the usual. */
export function messageContext({ member, counted, unfinished, visits }: MemberState): Context {
  const iso = (times: readonly number[]): string[] => times.map((at) => new Date(at).toISOString());
  return {
    notifications: member.notifications,
    utcOffsetMinutes: member.offsetMinutes,
    hasUnfinished: unfinished !== null,
    notified: iso(counted.slice(-5)),
    visits: iso(visits),
  };
}

export interface MessageTruth {
  readonly windowHours: number;
  /**
   * The true lift of sending each message on the chance to play within the window, for whoever may be reached: from an
   * ordinary hour, a day after another message, to the best hour of a member who has had none.
   */
  readonly lift: Readonly<Record<string, readonly [lower: number, upper: number]>>;
}

/** Computed from the laws above for the world's members as they are at the start, half of them with a title unfinished. */
export function messageTruth(world: World): MessageTruth {
  const reached = world.members.filter((member) => isReachable(member) && member.notifications);
  const midnight = Date.UTC(2026, 2, 2);
  const mean = (message: string, hourOf: (member: Member) => number, notified: readonly number[]): number => {
    let sum = 0;
    for (const member of reached) {
      const local = hourOf(member) * 3_600_000 - member.offsetMinutes * 60_000;
      for (const unfinished of [null, 't-001']) {
        const state = {
          member,
          unfinished,
          notified,
          counted: notified,
          satisfaction: member.satisfaction,
          active: true,
          listed: 0,
          watched: [],
          sessions: 0,
          events: 0,
          visits: [],
        };
        sum += messageLift(state, message, midnight + local);
      }
    }
    return reached.length === 0 ? 0 : sum / (2 * reached.length);
  };
  const lift = messageTemplates.map(({ id }): [string, [number, number]] => {
    const ordinary = mean(id, () => 13, [midnight - millisecondsPerDay]);
    const best = mean(id, (member) => Math.min(21, 20 + member.hourShift), []);
    return [id, [Math.min(ordinary, best), Math.max(ordinary, best)]];
  });
  return { windowHours: messageWindowHours, lift: Object.fromEntries(lift) };
}

/** Moment of a day at which the product asks, or null: most days it does not. @param uniform draws from [0, 1). */
export function drawAsking(day: number, uniform: () => number): number | null {
  const [asks, when] = [uniform(), uniform()];
  return asks < askingShare ? day + Math.floor(when * millisecondsPerDay) : null;
}
