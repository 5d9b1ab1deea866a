import type { Context, Rng } from '#experiments';
import { localTime } from './calendar.js';
import type { HomeRow, Title } from './catalogue.js';
import type { ClientEvent, OutcomeName, Play, ServedTreatment, Step, SurfaceRequest } from './protocol.js';
import type { MemberState } from './state.js';
import { onOffer, type Shelf } from './shelf.js';
import type { World } from './world.js';

/** What an outcome carries besides its name. */
export type Detail = Pick<
  ClientEvent,
  'decisionId' | 'value' | 'actionId' | 'itemId' | 'position' | 'properties'
>;

/** The world with what sessions look up often. */
export interface Stage {
  readonly world: World;
  readonly titles: ReadonlyMap<string, Title>;
  readonly rows: ReadonlyMap<string, HomeRow>;
  /** Cumulative popularity of the titles on the billboard, ends with 1. */
  readonly popularity: Float64Array;
  /** The row of picks and what comes next; null: the app has neither. */
  readonly shelf: Shelf | null;
  /** Part of every event id, so that two simulations of one world don't collide. */
  readonly run: string;
}

/** @param run distinguishes event ids of different simulations. @param shelf default: none. */
export function createStage(world: World, run: string, shelf: Shelf | null = null): Stage {
  const weights = world.titles.map((_, index) => 1 / (index + 3) ** 1.3);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let cumulated = 0;
  return {
    world,
    run,
    shelf,
    rows: new Map(world.rows.map((row) => [row.id, row])),
    titles: new Map(
      [...world.titles, ...(shelf?.releases ?? []).map(({ title }) => title)].map((title) => [
        title.id,
        title,
      ]),
    ),
    popularity: Float64Array.from(weights, (weight) => (cumulated += weight / total)),
  };
}

/** One visit of one member: a clock, the member's chance, and the events that will reach the service. */
export class Visit {
  now: number;
  /** What happened, in order; the second number is when the service hears of it. */
  readonly pending: { readonly event: ClientEvent; readonly deliveredAt: number }[] = [];

  constructor(
    readonly stage: Stage,
    readonly state: MemberState,
    readonly rng: Rng,
    start: number,
  ) {
    this.now = start;
  }

  get month(): number {
    return localTime(this.now, this.state.member.offsetMinutes).month;
  }

  chance(probability: number): boolean {
    return this.rng.uniform() < probability;
  }

  /** Moves the clock by between half and one and a half times `seconds`. */
  wait(seconds: number): void {
    this.now += Math.round(seconds * 1000 * (0.5 + this.rng.uniform()));
  }

  context(): Context {
    const { member } = this.state;
    const local = localTime(this.now, member.offsetMinutes);
    return {
      device: member.device,
      country: member.country,
      plan: member.plan,
      taste: member.segment,
      hour: local.hour,
      weekday: local.weekday,
      month: local.month + 1,
    };
  }

  /** Titles that may be asked for now; empty where the app has no shelf yet. */
  onOffer(): readonly string[] {
    const { shelf, world } = this.stage;
    return shelf === null || this.now < shelf.from ? [] : onOffer(world, shelf, this.now);
  }

  /** @param more attributes of the moment beside those that every request has. */
  *ask(requests: readonly SurfaceRequest[], more: Context = {}): Play<readonly ServedTreatment[]> {
    const context = { ...this.context(), ...more };
    const request = { unitId: this.state.member.id, unitType: 'member', context, requests };
    const step: Step = { kind: 'serve', at: this.now, request };
    return (yield step) ?? [];
  }

  /** Asks for a whole page. @param more as of `ask`. */
  *askPage(page: string, more: Context): Play<readonly ServedTreatment[]> {
    const context = { ...this.context(), ...more };
    const request = { unitId: this.state.member.id, unitType: 'member', context, requests: [], page };
    const step: Step = { kind: 'serve', at: this.now, request };
    return (yield step) ?? [];
  }

  /** Something the client reports at once, or `delay` milliseconds later. */
  private report(kind: ClientEvent['kind'], detail: Detail & { name?: OutcomeName }, delay = 0): void {
    const { state, stage, now } = this;
    const event: ClientEvent = {
      id: `${stage.run}-${state.member.id}-${state.events++}`,
      kind,
      unitId: state.member.id,
      at: new Date(now).toISOString(),
      ...detail,
    };
    this.pending.push({ event, deliveredAt: now + delay });
  }

  /** The member saw what this decision served. */
  exposure(treatment: ServedTreatment, detail: Detail = {}): void {
    this.report('exposure', { decisionId: treatment.decisionId, ...detail });
  }

  outcome(name: OutcomeName, detail: Detail = {}, delay = 0): void {
    this.report('outcome', { name, ...detail }, delay);
  }
}
