import type { Context } from '#experiments';
import type { TrainingSet } from '#policies';
import {
  createOracle,
  createWorld,
  defaultSize,
  demoSeed,
  itemsOf,
  millisecondsPerDay,
  simulate,
} from '#simulation';
import { histories, readRatings, readTitleFeatures } from './evaluate-data.js';

/** What one member did: times of visits' starts, and of plays with the title. */
export interface MemberLog {
  readonly id: string;
  readonly context: Context;
  readonly started: readonly number[];
  readonly played: readonly { readonly at: number; readonly title: string }[];
}

export interface VisitLog {
  readonly members: readonly MemberLog[];
  readonly titles: readonly { readonly id: string; readonly features: Context }[];
  /** Unix milliseconds; what came later was not seen. */
  readonly until: number;
}

const START = Date.UTC(2026, 2, 2);

/** The simulated service: everybody's visits and plays over some weeks. */
export async function simulatedLog(seed: string, members: number, days: number): Promise<VisitLog> {
  const world = createWorld(demoSeed, { members, titles: defaultSize.titles });
  const logs = new Map(
    world.members.map((one) => [
      one.id,
      { started: [] as number[], played: [] as MemberLog['played'][number][] },
    ]),
  );
  const oracle = createOracle(world, { seed });
  const until = START + days * millisecondsPerDay;
  await simulate(world, {
    from: START,
    to: until,
    seed,
    // Members have hours of their own.
    messages: true,
    serve: (request) => oracle.serve(request),
    emit: ({ unitId, name, at, itemId }) => {
      const log = logs.get(unitId);
      if (name === 'session_start') log?.started.push(Date.parse(at));
      if (name === 'play' && itemId) log?.played.push({ at: Date.parse(at), title: itemId });
    },
  });
  return {
    until,
    titles: itemsOf(world).flatMap(({ id, kind, features }) => (kind === 'title' ? [{ id, features }] : [])),
    members: world.members.map(({ id, offsetMinutes }) => ({
      id,
      context: { utcOffsetMinutes: offsetMinutes },
      started: (logs.get(id)?.started ?? []).sort((a, b) => a - b),
      played: (logs.get(id)?.played ?? []).sort((a, b) => a.at - b.at),
    })),
  };
}

/** Ratings as plays, at the times at which they were given. @throws DomainError `invalid_data`. */
export function ratedLog(directory: string): VisitLog {
  const events = readRatings(directory);
  const features = readTitleFeatures(directory);
  const titles = [...new Set(events.map(({ item }) => item))].sort((a, b) => a - b);
  return {
    until: events.reduce((latest, { time }) => Math.max(latest, 1000 * time), 0),
    titles: titles.map((id) => ({ id: String(id), features: features.get(id) ?? {} })),
    members: [...histories(events)].map(([user, own]) => ({
      id: String(user),
      context: {},
      started: [],
      played: own.map(({ time, item }) => ({ at: 1000 * time, title: String(item) })),
    })),
  };
}

/** What a training run sees of some members, before a moment. */
export function trainingOf(log: VisitLog, members: readonly MemberLog[], before: number): TrainingSet {
  const place = new Map(log.titles.map(({ id }, i) => [id, i]));
  const plays = members.flatMap(({ played }, unit) =>
    played
      .filter(({ at }) => at < before)
      .map(({ at, title }) => ({ unit, at, item: place.get(title) as number })),
  );
  const visits = members.flatMap(({ started }, unit) =>
    started.filter((at) => at < before).map((at) => ({ unit, at })),
  );
  return {
    units: members.map(({ id }) => id),
    items: log.titles.map(({ id }) => id),
    itemFeatures: log.titles.map(({ features }) => features),
    unit: Uint32Array.from(plays, ({ unit }) => unit),
    item: Uint32Array.from(plays, ({ item }) => item),
    at: Float64Array.from(plays, ({ at }) => at),
    value: new Float64Array(plays.length).fill(1),
    contexts: members.map(({ context }) => context),
    context: Int32Array.from(plays, ({ unit }) => unit),
    tasks: [
      {
        name: 'visit',
        unit: Uint32Array.from(visits, ({ unit }) => unit),
        item: new Int32Array(visits.length).fill(-1),
        label: new Uint8Array(visits.length).fill(1),
        at: Float64Array.from(visits, ({ at }) => at),
        context: Int32Array.from(visits, ({ unit }) => unit),
      },
    ],
  };
}
