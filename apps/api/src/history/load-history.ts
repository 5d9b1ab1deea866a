import { Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import { declaredOf, simulate } from '#simulation';
import type { Answer, ClientEvent, MemberState, TreatmentRequest, World } from '#simulation';
import type { Database } from '../persistence/database.js';
import { FactStore } from '../persistence/fact-store.js';
import { HealthFactsReader } from '../reports/health-facts.js';
import { LiftReports } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import { CatalogStore } from '../serving/catalog-store.js';
import { DiskCache } from '../serving/disk-cache.js';
import { ExperimentCatalog } from '../serving/experiment-catalog.js';
import { ProcessorClock } from '../serving/processor-clock.js';
import { serveTreatments } from '../serving/serve-treatments.js';
import type { ServingHooks } from '../serving/serve-treatments.js';
import { SnapshotCache } from '../serving/snapshot-cache.js';
import { SnapshotStore } from '../serving/snapshot-store.js';
import { addFaultyAssignment } from './faulty-assignment.js';
import { HistoryWork, Turns } from './history-work.js';
import { HistoryWriter } from './history-writer.js';
import { trainOnCatalogue } from './train-on-catalogue.js';
import { holdBack, startRecommenders } from './recommender-start.js';
import type { RecommenderStart } from './recommender-start.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Simulated hours between two times of learning; days between two rollups. */
const LEARN_EVERY_HOURS = 6;
const ROLL_UP_EVERY_DAYS = 7;

/**
 * Nobody waits for the past, so no policy and no shadow is left out for being slow: on a busy machine most of a history
 * would have none. By a processor clock that stands still every answer took no time. A draw hangs on its decision's id:
 * with ids from the seed, the same past gives the same decisions.
 */
function unhurried(seed: string): ServingHooks {
  const random = createRng(`decision ids ${seed}`);
  return {
    monotonic: () => performance.now(),
    processor: new ProcessorClock(() => ({ user: 0, system: 0 })),
    newId: (at) => ulid(at, () => random.uniform()),
  };
}

export interface HistoryOptions {
  readonly world: World;
  /** Unix milliseconds; whole UTC days before `to`. */
  readonly from: number;
  readonly to: number;
  readonly seed: string;
  /**
   * First day of the world's own calendar, Unix milliseconds at midnight UTC; by default `from`. What happens hangs on
   * the world's days: with a fixed one, the same seed gives the same history whenever it is loaded.
   */
  readonly calendarFrom?: number;
  /** Whether messages are asked for as well. */
  readonly messages?: boolean;
  /** Folder for the catalogue's disk copy. */
  readonly directory: string;
  /** Experiments whose start is moved to `from`. */
  readonly experiments: readonly string[];
  /** An experiment, and two of its arms, that gets a few units whose assignment went wrong. */
  readonly faulty?: { readonly experiment: string; readonly arms: readonly [string, string] };
  /** Recommenders and their experiments, which start some days later; default: none. */
  readonly recommenders?: RecommenderStart;
  readonly progress?: (share: number) => void;
}

export interface HistorySummary {
  readonly decisions: number;
  readonly events: number;
  readonly states: readonly MemberState[];
}

/**
 * Plays a simulated past through the product: the same serving, learning and rollups as live traffic, on a simulated
 * clock, with facts stored in large batches. The experiments must exist and run. What happened is stored and learned from
 * while the next hours are played, as it is while people watch: policies serve what was learned one period before.
 */
export async function loadHistory(db: Database, options: HistoryOptions): Promise<HistorySummary> {
  const { world, from, to, seed, recommenders } = options;
  await moveStart(db, options.experiments, new Date(from));
  await holdBack(db, recommenders?.experiments ?? []);
  const { snapshots, catalog } = stateOf(db, options.directory);
  await trainOnCatalogue(db, new Date(from));
  // A new partition waits for everybody who reads the table; a rollup reads it for seconds.
  await db.query('select ensure_partitions($1::date, $2::date)', [new Date(from), new Date(to)]);
  await catalog.refresh();
  const writer = new HistoryWriter(new FactStore(db).storePast());
  const work = new HistoryWork(db, writer, snapshots, await learningPolicies(db));
  const served = servedBy(catalog, snapshots);
  const turns = new Turns();
  const hooks = unhurried(seed);
  const shift = from - (options.calendarFrom ?? from);
  const startOn = async (at: number): Promise<void> => {
    if (!recommenders || at !== from + recommenders.day * DAY_MS) return;
    await work.done();
    // Without it the training data of two weeks are looked up one by one.
    await analyze(db);
    await startRecommenders(db, world, recommenders, at, at - shift);
    await catalog.refresh();
    await snapshots.sync();
  };
  const summary = await simulate(world, {
    from: from - shift,
    to: to - shift,
    seed,
    messages: options.messages ?? false,
    ...(recommenders ? { shelf: recommenders.shelf } : {}),
    serve(request, worldTime) {
      const at = worldTime + shift;
      const { treatments, records } = serveTreatments(served, completed(request, shift), at, hooks);
      // A visit that begins shortly before the end goes on in the future; that part did not happen.
      if (at <= to) for (const record of records) writer.decision(record);
      return turns.give(treatments as unknown as Answer);
    },
    emit: (event, deliveredAt) => writer.event(later(event, shift), deliveredAt + shift),
    async onHour(worldTime) {
      const at = worldTime + shift;
      const hours = Math.round((at - from) / HOUR_MS);
      if (hours % LEARN_EVERY_HOURS !== 0) return;
      await work.learn(at);
      await startOn(at);
      if (hours % (24 * ROLL_UP_EVERY_DAYS) === 0) await work.rollUp(new Date(at - 1));
      options.progress?.((at - from) / (to - from));
    },
  });
  for (const { event } of summary.undelivered) {
    if (Date.parse(event.at) + shift <= to) writer.event(later(event, shift), to);
  }
  await work.learn(to);
  await work.done();
  const { faulty } = options;
  if (faulty) {
    // The units that it looks for enter with the rollup.
    await rollUpAll(db, new Date(to));
    await addFaultyAssignment(db, new FactStore(db).storePast(), faulty.experiment, faulty.arms, to);
  }
  await report(db, [...options.experiments, ...(recommenders?.experiments ?? [])], to);
  return { ...writer.stored, states: summary.states };
}

async function learningPolicies(db: Database): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select id from policy where learning and window_seconds >= 0 order by id`,
  );
  return rows.map(({ id }) => id);
}

/** What serving knows, as a process of the API keeps it. */
function stateOf(db: Database, directory: string): { snapshots: SnapshotCache; catalog: ExperimentCatalog } {
  const disk = new DiskCache(directory);
  const logger = new Logger('History');
  const snapshots = new SnapshotCache(new SnapshotStore(db), disk, logger);
  return { snapshots, catalog: new ExperimentCatalog(new CatalogStore(db), snapshots, disk, logger) };
}

const servedBy = (catalog: ExperimentCatalog, snapshots: SnapshotCache) => ({
  get catalog() {
    return catalog.current;
  },
  policy: (id: string) => snapshots.get(id),
});

/** A coarse look at the new partitions is enough for good plans; autovacuum refines it. */
async function analyze(db: Database): Promise<void> {
  await db.query('set default_statistics_target = 10; analyze; reset default_statistics_target');
}

/** What reports are made of, and their summaries, as of the end of the history. */
async function report(db: Database, experiments: readonly string[], to: number): Promise<void> {
  await analyze(db);
  await rollUpAll(db, new Date(to));
  const reports = new LiftReports(new ReportStore(db), new HealthFactsReader(db));
  for (const key of experiments) await reports.storeSummary(key, new Date(to));
}

const later = (event: ClientEvent, milliseconds: number): ClientEvent =>
  milliseconds === 0 ? event : { ...event, at: new Date(Date.parse(event.at) + milliseconds).toISOString() };

/** Attributes that list times of the world's own calendar. */
const TIMES = ['visits', 'notified'] as const;

function laterContext(context: Context, milliseconds: number): Context {
  const moved = TIMES.flatMap((name) => {
    const times = context[name];
    if (!Array.isArray(times)) return [];
    return [[name, (times as string[]).map((at) => new Date(Date.parse(at) + milliseconds).toISOString())]];
  });
  return moved.length === 0 || milliseconds === 0
    ? context
    : { ...context, ...(Object.fromEntries(moved) as Context) };
}

const completed = (request: TreatmentRequest, shift: number) => ({
  unitId: request.unitId,
  unitType: request.unitType,
  context: { ...laterContext(request.context, shift), ...declaredOf(request.unitId) },
  expose: false,
  requests: request.requests.map(({ surface, subject, actions, limit, parent }) => ({
    surface,
    subject: subject ?? null,
    actions: actions ?? null,
    limit: limit ?? null,
    parent: parent ?? null,
  })),
});

/** The experiments began when their history does. */
async function moveStart(db: Database, experiments: readonly string[], from: Date): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(`update experiment set started_at = $2 where key = any($1)`, [experiments, from]);
    await tx.query(
      `update experiment_phase set started_at = $2 where experiment = any($1) and started_at > $2`,
      [experiments, from],
    );
  });
}

/** Midnight UTC of the day that lies `days` before `now`. */
export const historyStart = (now: number, days: number): number =>
  Math.floor(now / DAY_MS) * DAY_MS - days * DAY_MS;
