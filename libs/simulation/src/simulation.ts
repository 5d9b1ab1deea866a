import { createRng, type Rng } from '#experiments';
import { cancelHazard, notificationShare, sessionsPerDay } from './behaviour.js';
import {
  drawLocalHour,
  localTime,
  millisecondsPerDay,
  millisecondsPerHour,
  weekdaySessionFactor,
} from './calendar.js';
import { EventQueue, type Delivery } from './event-queue.js';
import { drawAsking, isReachable } from './messages.js';
import type { Answer, ClientEvent, Play, TreatmentRequest } from './protocol.js';
import { playMessage, playNotification, playSession } from './session.js';
import type { Shelf } from './shelf.js';
import { createMemberState, type MemberState } from './state.js';
import { createStage, Visit, type Stage } from './visit.js';
import type { World } from './world.js';

export interface SimulationOptions {
  /** Unix milliseconds, inclusive; the first day begins here. */
  readonly from: number;
  /** Unix milliseconds, exclusive. */
  readonly to: number;
  /** Seed of what happens, apart from the world's seed of who exists. */
  readonly seed: string;
  /** Members come at hours of their own, and the product asks whether to send messages to those with a phone. */
  readonly messages?: boolean;
  /** State to continue from, e.g. of an earlier span; by default everybody is new. */
  readonly states?: readonly MemberState[];
  /** Picks and what comes next, where the app has them; default: it has not. */
  readonly shelf?: Shelf;
}

export interface SimulationSummary {
  readonly sessions: number;
  readonly requests: number;
  readonly events: number;
  readonly cancelled: number;
  readonly states: readonly MemberState[];
  /** Events still on their way at the end of the span. */
  readonly undelivered: readonly Delivery[];
}

type Kind = 'session' | 'notification' | 'message' | 'cancel';

interface Appointment {
  readonly at: number;
  readonly kind: Kind;
  readonly state: MemberState;
}

/** Knuth's method; the rates here are a few per day at most. */
function drawPoisson(rate: number, uniform: () => number): number {
  const limit = Math.exp(-rate);
  let count = 0;
  for (let product = uniform(); product > limit; product *= uniform()) count++;
  return count;
}

/** A member's day: sessions by the local rhythm, perhaps a notification, perhaps the end of the subscription. */
function planDay(state: MemberState, day: number, rng: Rng, hourShift: number): Appointment[] {
  const { member } = state;
  const weekday = localTime(day + millisecondsPerDay / 2, member.offsetMinutes).weekday;
  const rate = sessionsPerDay(member, state.satisfaction) * weekdaySessionFactor(weekday);
  const at = (): number => {
    const localHour = drawLocalHour(rng.uniform()) + hourShift;
    const utcHour = (((localHour - member.offsetMinutes / 60) % 24) + 24) % 24;
    return (
      day +
      (Math.floor(utcHour * millisecondsPerHour + rng.uniform() * millisecondsPerHour) % millisecondsPerDay)
    );
  };
  const plan: Appointment[] = [];
  const sessions = drawPoisson(rate, () => rng.uniform());
  for (let i = 0; i < sessions; i++) plan.push({ at: at(), kind: 'session', state });
  if (rng.uniform() < notificationShare) plan.push({ at: at(), kind: 'notification', state });
  if (rng.uniform() < cancelHazard(member, state.satisfaction))
    plan.push({ at: at(), kind: 'cancel', state });
  return plan;
}

function* keep(stage: Stage, appointment: Appointment, seed: string): Play<Visit | null> {
  const { state, at, kind } = appointment;
  if (!state.active) return null;
  // Own chance per visit: the result doesn't depend on the order in which answers arrive.
  const visit = new Visit(stage, state, createRng(`${seed}/${state.member.id}/${at}/${kind}`), at);
  if (kind === 'session') yield* playSession(visit);
  else if (kind === 'notification') yield* playNotification(visit);
  else if (kind === 'message') yield* playMessage(visit);
  else {
    visit.outcome('cancel');
    state.active = false;
  }
  return visit;
}

/**
 * Plays the world from `from` to `to` as a stream of steps, in order of simulated time. Deterministic: equal
 * world, options and answers give equal steps. Give each `serve` step its answer by `next(answer)`.
 * Requests of one visit are made when it begins, except for what follows a playback.
 */
export function* playWorld(world: World, options: SimulationOptions): Play<SimulationSummary> {
  const { from, to, seed } = options;
  const stage = createStage(world, `sim-${seed}-${from.toString(36)}`, options.shelf);
  const states = options.states ?? world.members.map(createMemberState);
  // One stream of chance per member for all days: making one for each day would take longer than the day.
  const chances = new Map(states.map(({ member }) => [member.id, createRng(`${seed}/${member.id}/${from}`)]));
  const asking = options.messages ? askingChances(states, seed, from) : null;
  const queue = new EventQueue();
  const totals = { sessions: 0, requests: 0, events: 0 };
  let hour = from;

  function* passTime(until: number): Play<void> {
    for (;;) {
      const boundary = hour + millisecondsPerHour;
      const limit = Math.min(until, boundary);
      for (let next = queue.pop(limit); next; next = queue.pop(limit)) {
        totals.events++;
        yield { kind: 'event', ...next };
      }
      if (boundary > until) return;
      hour = boundary;
      yield { kind: 'hour', at: boundary };
    }
  }

  for (let day = from; day < to; day += millisecondsPerDay) {
    const plan = states
      .filter((state) => state.active)
      .flatMap((state) => {
        const rng = chances.get(state.member.id) as Rng;
        const own = planDay(state, day, rng, asking ? state.member.hourShift : 0);
        const ask = asking?.get(state.member.id);
        const at = ask ? drawAsking(day, () => ask.uniform()) : null;
        if (at !== null) own.push({ at, kind: 'message', state });
        return own;
      });
    plan.sort((a, b) => a.at - b.at);
    for (const appointment of plan) {
      if (appointment.at >= to) break;
      yield* passTime(appointment.at);
      const before = appointment.state.sessions;
      const visit = yield* counted(keep(stage, appointment, seed), totals);
      totals.sessions += appointment.state.sessions - before;
      for (const entry of visit?.pending ?? []) queue.push(entry);
    }
    yield* passTime(Math.min(day + millisecondsPerDay, to));
  }
  const undelivered: Delivery[] = [];
  for (let next = queue.pop(Infinity); next; next = queue.pop(Infinity)) undelivered.push(next);
  return { ...totals, cancelled: states.filter((state) => !state.active).length, states, undelivered };
}

/** Chances of their own for those who can be reached, so that messages leave the rest of the plan as it is. */
function askingChances(states: readonly MemberState[], seed: string, from: number): ReadonlyMap<string, Rng> {
  return new Map(
    states
      .filter(({ member }) => isReachable(member))
      .map(({ member: { id } }) => [id, createRng(`${seed}/messages/${id}/${from}`)]),
  );
}

function* counted<R>(play: Play<R>, totals: { requests: number }): Play<R> {
  let step = play.next();
  while (!step.done) {
    totals.requests++;
    step = play.next(yield step.value);
  }
  return step.value;
}

export interface Driver {
  /** Answers a request as of `at` (Unix milliseconds). */
  serve(request: TreatmentRequest, at: number): Answer | Promise<Answer>;
  /** Takes an event that reaches the service at `deliveredAt`. */
  emit(event: ClientEvent, deliveredAt: number): void | Promise<void>;
  /** Called at each full simulated hour: flush batches, let the learner learn, show progress. */
  onHour?(at: number): void | Promise<void>;
}

/** Runs a simulation against whoever serves: an HTTP client, an engine in the same process, an oracle. */
export async function simulate(
  world: World,
  options: SimulationOptions & Driver,
): Promise<SimulationSummary> {
  return drive(playWorld(world, options), options);
}

/** Runs any play (a world, a single visit) to its end against a driver. */
export async function drive<R>(play: Play<R>, driver: Driver): Promise<R> {
  let step = play.next();
  while (!step.done) {
    let answer: Answer | undefined;
    const { value } = step;
    if (value.kind === 'serve') answer = await driver.serve(value.request, value.at);
    else if (value.kind === 'event') await driver.emit(value.event, value.deliveredAt);
    else await driver.onHour?.(value.at);
    step = play.next(answer);
  }
  return step.value;
}
