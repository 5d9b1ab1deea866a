import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient, QueryResult } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { decodeTime } from 'ulid';
import {
  DECISION_COLUMN,
  DECISION_COLUMNS,
  arrayLiteral,
  decodeDecision,
  readDecisions,
  rewardWindowOf,
  storedPart,
} from '../queues/decision-lines.js';
import { COLUMN, EVENT_COLUMNS, columnOf, idsOf, splitLines } from '../queues/event-lines.js';
import type { ReadDecisions } from '../queues/decision-lines.js';
import type { EventLines } from '../queues/jobs.js';
import { Database } from './database.js';
import {
  BEGIN_BATCH,
  COUNT,
  FIND_ERASED,
  INSERT_DECISIONS,
  INSERT_DUE,
  INSERT_NEW,
  INSERT_SEEN,
  LINK_DUE,
  LINK_LATE,
} from './fact-store.sql.js';

export interface Stored {
  /** Rows that were not there before. */
  readonly stored: number;
  /** Ids that had been stored before, or came twice in the batch. */
  readonly duplicates: number;
  /** Records of units that asked to be forgotten; never stored. */
  readonly erased: number;
}

const FLAG_MS = 5_000;
/** How long to expect more copies after one was seen. */
const COPIES_MS = 2_000;
const UNIQUE_VIOLATION = '23505';
/** COPY: a line has too few columns. */
const BAD_COPY = '22P04';
/**
 * How long a batch waits for a lock, and for one statement, where something else can take it. A process that is gone in
 * the middle, with its machine, is not waited for either: erasing units and rolling up wait for open batches.
 */
const BRIEF =
  "set local lock_timeout = '1s';set local statement_timeout = '5s';" +
  "set local idle_in_transaction_session_timeout = '5s';";
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const COPY_EVENTS = `copy event (${EVENT_COLUMNS}) from stdin`;
const COPY_DECISIONS = `copy decision (${DECISION_COLUMNS}) from stdin`;

/**
 * Writes facts: decisions and events, each exactly once in effect. An event counts once by its id whatever day a copy
 * claims (table event_seen), a decision by id and time. One transaction per batch.
 */
@Injectable()
export class FactStore {
  private readonly knownDays = new Set<string>();
  private copiesUntil = 0;
  private windows: { windowless: boolean; shortestMs: number | null; until: number } = {
    windowless: false,
    shortestMs: null,
    until: 0,
  };
  /** Settings of every batch's transaction. */
  private settings = '';

  constructor(@Inject(Database) private readonly db: Database) {}

  private past = false;

  /** Declares that what is stored happened on another clock: nothing comes late, and nothing is settled again. */
  storePast(): this {
    this.past = true;
    return this;
  }

  /**
   * Declares that the queue lives on the same server, so that the commit of a batch may be flushed later: the job is
   * finished behind the facts in the same write-ahead log, so a crash that loses the facts brings the job back.
   */
  shareLogWithQueue(): void {
    this.settings = 'set local synchronous_commit = off;';
  }

  /** Declares that a batch which has to wait would rather fail. */
  dislikeWaiting(): this {
    this.settings = BRIEF;
    return this;
  }

  async insertEvents(batch: EventLines): Promise<Stored> {
    await this.ensurePartitions(daysOf(batch));
    const ids = idsOf(batch.lines);
    const result = (await this.insertNew(batch, ids)) ?? (await this.insertFresh(batch, ids));
    await this.linkOutcomes(batch.lines);
    return result;
  }

  /**
   * Stores a batch of which every id is new, which is nearly every batch; that saves a tenth of the work.
   * @returns null, with nothing stored, when it is not so.
   */
  private async insertNew(batch: EventLines, ids: readonly string[]): Promise<Stored | null> {
    if (Date.now() < this.copiesUntil) return null;
    try {
      return await this.inTransaction(async (client, erasures) => {
        await client.query({ name: 'marquee-new', text: INSERT_NEW, values: [arrayLiteral(ids)] });
        const kept = erasures ? await keptLines(client, splitLines(batch.lines)) : null;
        if (kept?.length !== 0) await copyIn(client, kept === null ? batch.lines : kept.join(''));
        const stored = kept?.length ?? ids.length;
        return { stored, duplicates: 0, erased: ids.length - stored };
      });
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      // Copies come in clusters: after an outage, or while a client repeats itself.
      this.copiesUntil = Date.now() + COPIES_MS;
      return null;
    }
  }

  private insertFresh(batch: EventLines, ids: readonly string[]): Promise<Stored> {
    return this.inTransaction(async (client, erasures) => {
      const { rows } = await client.query<{ fresh: number; hashes: string[] | null }>({
        name: 'marquee-seen',
        text: INSERT_SEEN,
        values: [arrayLiteral(ids), ids.length],
      });
      const { fresh, hashes } = rows[0] as { fresh: number; hashes: string[] | null };
      const lines = splitLines(batch.lines);
      const news = hashes === null ? (fresh === 0 ? [] : lines) : onlyFresh(lines, ids, hashes);
      const kept = erasures ? await keptLines(client, news) : news;
      if (kept.length > 0) await copyIn(client, kept.join(''));
      return { stored: kept.length, duplicates: ids.length - fresh, erased: fresh - kept.length };
    });
  }

  /** @param lines as encodeDecision makes them. */
  async insertDecisions(lines: readonly string[]): Promise<Stored> {
    if (lines.length === 0) return { stored: 0, duplicates: 0, erased: 0 };
    const result = await this.insertNewDecisions(lines.join(''));
    if (result !== null) return result;
    const stored = await this.insertFreshDecisions(lines);
    await this.linkWindowless(lines);
    return stored;
  }

  /**
   * Every decision is new but after a crash.
   * @param text lines as encodeDecision makes them.
   * @returns null, with nothing stored, when one was there already.
   */
  async insertNewDecisions(text: string): Promise<Stored | null> {
    const batch = readDecisions(text);
    await this.ensurePartitions(batch.days);
    try {
      const result = await this.copyDecisions(text, batch).catch((error: { code?: string }) => {
        if (error.code !== BAD_COPY) throw error;
        // Lines of an earlier version, which knew fewer columns.
        return this.copyDecisions(text, { ...batch, stored: splitLines(text).map(storedPart).join('') });
      });
      await this.linkWindowless(batch.rewarded);
      return result;
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      return null;
    }
  }

  private copyDecisions(text: string, { count, rewarded, stored }: ReadDecisions): Promise<Stored> {
    return this.inTransaction(async (client, erasures) => {
      if (!erasures) {
        await copyIn(client, stored, COPY_DECISIONS);
        await insertDue(client, rewarded);
        return { stored: count, duplicates: 0, erased: 0 };
      }
      const lines = splitLines(text);
      const kept = await withoutErased(client, lines, unitOfDecision);
      if (kept.length > 0) await copyIn(client, kept.map(storedPart).join(''), COPY_DECISIONS);
      await insertDue(client, kept);
      return { stored: kept.length, duplicates: 0, erased: lines.length - kept.length };
    });
  }

  private linkWindowless(lines: readonly string[]): Promise<void> {
    return this.link(lines.filter((line) => rewardWindowOf(line) === 0).map(decisionId), true);
  }

  private insertFreshDecisions(lines: readonly string[]): Promise<Stored> {
    return this.inTransaction(async (client, erasures) => {
      const kept = erasures ? await withoutErased(client, lines, unitOfDecision) : lines;
      const { rows } = await client.query<{ fresh: number }>({
        name: 'marquee-decisions',
        text: INSERT_DECISIONS,
        values: [JSON.stringify(kept.map(decodeDecision))],
      });
      const stored = rows[0]?.fresh ?? 0;
      return { stored, duplicates: kept.length - stored, erased: lines.length - kept.length };
    });
  }

  /** Adds to the durable counters; for totals that must survive the process. */
  async count(names: ReadonlyMap<string, number>): Promise<void> {
    const entries = [...names].filter(([, value]) => value > 0).sort(([a], [b]) => (a < b ? -1 : 1));
    if (entries.length === 0) return;
    await this.db.query(COUNT, [entries.map(([name]) => name), entries.map(([, value]) => value)]);
  }

  /** Forgets which partitions exist; call when one was found missing. */
  forgetPartitions(): void {
    this.knownDays.clear();
  }

  private async ensurePartitions(days: ReadonlySet<string>): Promise<void> {
    for (const day of days) {
      if (this.knownDays.has(day)) continue;
      await this.db.query('select ensure_partitions($1::date, $1::date)', [day]);
      this.knownDays.add(day);
    }
  }

  private inTransaction<T>(work: (client: PoolClient, erasures: boolean) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      const client = await tx.connection();
      // Several statements answer with several results.
      const results = (await client.query(this.settings + BEGIN_BATCH)) as unknown as readonly QueryResult<{
        erasures: boolean;
      }>[];
      return work(client, results.at(-1)?.rows[0]?.erasures === true);
    });
  }

  /**
   * Policies without an attribution window learn from a decision as soon as it has an outcome. The decision and its
   * outcome may be stored at the same time by two transactions that cannot see each other, so both sides look after
   * their commit: the later one sees both. Runs again when the job runs again.
   */
  private async linkOutcomes(lines: string): Promise<void> {
    const { windowless, shortestMs } = await this.knownWindows();
    if (!windowless && shortestMs === null) return;
    const outcomes = new Set<string>();
    const late = new Set<string>();
    const settledBefore = Date.now() - (shortestMs ?? Infinity);
    for (const line of splitLines(lines)) {
      const id = columnOf(line, COLUMN.decisionId);
      if (id === null || !ULID.test(id)) continue;
      if (columnOf(line, COLUMN.kind) === 'outcome') outcomes.add(id);
      // Nearly every event comes long before the window of its decision closes; the time in the id tells.
      if (decodeTime(id) <= settledBefore) late.add(id);
    }
    if (windowless) await this.link([...outcomes], false);
    if (late.size > 0 && !this.past) await this.db.query(LINK_LATE, [[...late], ...spanOf([...late])]);
  }

  private async link(decisionIds: readonly string[], onlyWithOutcome: boolean): Promise<void> {
    const ids = decisionIds.filter((id) => ULID.test(id));
    if (ids.length === 0) return;
    await this.db.query(LINK_DUE, [ids, ...spanOf(ids), onlyWithOutcome]);
  }

  /** Whether some policy has no window, and the shortest time after which one settles. */
  private async knownWindows(): Promise<{ windowless: boolean; shortestMs: number | null }> {
    if (Date.now() >= this.windows.until) {
      const [row] = await this.db.query<{ windowless: boolean | null; shortest: number | null }>(
        `select bool_or(window_seconds = 0) as windowless,
           min(window_seconds + grace_seconds) filter (where window_seconds > 0 and reward is not null) as shortest
         from policy`,
      );
      const shortest = row?.shortest ?? null;
      this.windows = {
        windowless: row?.windowless ?? false,
        shortestMs: shortest === null ? null : shortest * 1000,
        until: Date.now() + FLAG_MS,
      };
    }
    return this.windows;
  }
}

/** The time in an id is the decision's time: it says which partitions to look into. */
function spanOf(ids: readonly string[]): [Date, Date] {
  const times = ids.map((id) => decodeTime(id));
  return [new Date(Math.min(...times)), new Date(Math.max(...times))];
}

/** A day in UTC, as its partition knows it. */
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The days that have an event; all but a few batches have one or two. */
function daysOf(batch: EventLines): ReadonlySet<string> {
  const first = dayOf(batch.firstAt);
  const last = dayOf(batch.lastAt);
  if (first === last) return new Set([first]);
  return new Set(splitLines(batch.lines).map((line) => (columnOf(line, COLUMN.at) ?? '').slice(0, 10)));
}

async function copyIn(client: PoolClient, lines: string, into = COPY_EVENTS): Promise<void> {
  await pipeline(Readable.from([Buffer.from(lines, 'utf8')]), client.query(copyFrom(into)));
}

const decisionId = (line: string): string => columnOf(line, DECISION_COLUMN.id) ?? '';
const unitOfDecision = (line: string): string => columnOf(line, DECISION_COLUMN.unitId) ?? '';

/** Puts the decisions whose reward window has begun on the list of rewards to settle. */
async function insertDue(client: PoolClient, lines: readonly string[]): Promise<void> {
  const ids: string[] = [];
  const times: string[] = [];
  const policies: string[] = [];
  const windows: number[] = [];
  for (const line of lines) {
    const window = rewardWindowOf(line) ?? 0;
    const policy = window > 0 ? columnOf(line, DECISION_COLUMN.policyId) : null;
    if (policy === null) continue;
    ids.push(decisionId(line));
    times.push(columnOf(line, DECISION_COLUMN.at) ?? '');
    policies.push(policy);
    windows.push(window);
  }
  if (ids.length === 0) return;
  await client.query({
    name: 'marquee-due',
    text: INSERT_DUE,
    values: [arrayLiteral(ids), arrayLiteral(times), arrayLiteral(policies), `{${windows.join(',')}}`],
  });
}

const unitHash = (unitId: string): Buffer => createHash('sha256').update(unitId, 'utf8').digest();

/** The first line of each id that was not seen before. */
function onlyFresh(lines: readonly string[], ids: readonly string[], hashes: readonly string[]): string[] {
  const fresh = new Set(hashes.map((hash) => hash.replaceAll('-', '')));
  return lines.filter((_line, index) =>
    fresh.delete(
      createHash('md5')
        .update(ids[index] as string, 'utf8')
        .digest('hex'),
    ),
  );
}

const keptLines = (client: PoolClient, lines: readonly string[]): Promise<string[]> =>
  withoutErased(client, lines, (line) => columnOf(line, COLUMN.unitId) ?? '');

async function withoutErased<T>(
  client: PoolClient,
  records: readonly T[],
  unitOf: (record: T) => string,
): Promise<T[]> {
  const hashes = new Map(records.map((record) => [unitHash(unitOf(record)).toString('hex'), true]));
  const { rows } = await client.query<{ hash: string }>(FIND_ERASED, [[...hashes.keys()]]);
  const erased = new Set(rows.map((row) => row.hash));
  return erased.size === 0
    ? [...records]
    : records.filter((record) => !erased.has(unitHash(unitOf(record)).toString('hex')));
}
