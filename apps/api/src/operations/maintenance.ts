import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { Database } from '../persistence/database.js';

/** Days for which partitions are made ahead: no batch should wait for one. */
export const DAYS_AHEAD = 7;
/** Ids are remembered longer than an event may be late (90 days). */
const REMEMBER_IDS_DAYS = 100;
const KEEP_CLOSED_QUARANTINE_DAYS = 30;
const PURGE_ROWS = 50_000;
const PURGE_ROUNDS = 20;
const DEADLOCK = '40P01';
const MOST_TRIES = 5;

export interface MaintenanceResult {
  readonly dropped: readonly string[];
  readonly forgottenIds: number;
}

/** Housekeeping of the fact tables. Every step may run at any time, twice, and in several processes. */
@Injectable()
export class Maintenance {
  private readonly logger = new Logger('Maintenance');

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Pick<Config, 'retentionDays'>,
  ) {}

  async run(now: Date): Promise<MaintenanceResult> {
    await this.ensurePartitions(now);
    const dropped = await this.dropOldPartitions(now);
    const forgottenIds = await this.forgetIds(now);
    await this.db.query(`delete from process where last_seen_at < $1::timestamptz - interval '1 hour'`, [
      now,
    ]);
    await this.db.query(
      `delete from quarantine where status <> 'open' and received_at < $1::timestamptz - make_interval(days => $2)`,
      [now, KEEP_CLOSED_QUARANTINE_DAYS],
    );
    return { dropped, forgottenIds };
  }

  /** Partitions from yesterday to a week ahead. */
  async ensurePartitions(now: Date): Promise<void> {
    // Making one locks its table for a moment; a reader of both tables may be in the way, in the other order.
    const query = (): Promise<unknown> =>
      this.db.query(
        `select ensure_partitions((($1::timestamptz at time zone 'UTC')::date - 1), (($1::timestamptz at time zone 'UTC')::date + $2::int))`,
        [now, DAYS_AHEAD],
      );
    for (let tries = 1; ; tries++) {
      try {
        await query();
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== DEADLOCK || tries === MOST_TRIES) throw error;
      }
    }
  }

  /** Days older than the retention go, a whole partition at a time. */
  private async dropOldPartitions(now: Date): Promise<string[]> {
    const first = new Date(now.getTime() - this.config.retentionDays * 86_400_000)
      .toISOString()
      .slice(0, 10)
      .replaceAll('-', '');
    const rows = await this.db.query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
       where p.oid in ('decision'::regclass, 'event'::regclass) and c.relname ~ '^(decision|event)_[0-9]{8}$'
         and right(c.relname, 8) < $1 order by c.relname`,
      [first],
    );
    // What items were before is asked for by decisions alone.
    await this.db.query(`delete from item_past where until < $1::date`, [first]);
    const dropped: string[] = [];
    for (const { name } of rows) {
      try {
        await this.db.transaction(async (tx) => {
          // Dropping locks the parent: rather try again at the next run than hold ingestion up.
          await tx.query(`set local lock_timeout = '2s'`);
          await tx.query(`drop table if exists "${name}"`);
        });
        dropped.push(name);
      } catch (error) {
        this.logger.warn(`${name} is to be dropped but busy: ${(error as Error).message}`);
      }
    }
    if (dropped.length > 0) this.logger.log(`retention: dropped ${dropped.join(', ')}`);
    return dropped;
  }

  private async forgetIds(now: Date): Promise<number> {
    let forgotten = 0;
    for (let round = 0; round < PURGE_ROUNDS; round++) {
      const [row] = await this.db.query<{ gone: number }>(
        `with gone as (
           delete from event_seen where id_hash in (
             select id_hash from event_seen where seen_at < $1::timestamptz - make_interval(days => $2) limit $3)
           returning 1)
         select count(*)::int as gone from gone`,
        [now, REMEMBER_IDS_DAYS, PURGE_ROWS],
      );
      forgotten += row?.gone ?? 0;
      if ((row?.gone ?? 0) < PURGE_ROWS) break;
    }
    return forgotten;
  }
}
