import { getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Database } from '../persistence/database.js';
import { oldestJobAt } from '../queues/oldest-job.js';
import { QUEUE_NAMES } from '../queues/queues.js';
import { RateLimitedLog } from '../queues/rate-limited-log.js';
import { GONE_AFTER_MS } from './heartbeat.js';
import type { KillSwitch, Operations, QueueState } from './operations.schemas.js';
import { RateSampler } from './rate-sampler.js';

const SAMPLE_MS = 5_000;
const POLICIES = `
select p.id, p.serving_version as "servingVersion",
  extract(epoch from now() - s.created_at)::float8 as "snapshotAgeSeconds",
  ((select count(*) from reward_due d where d.policy_id = p.id)
    + (select count(*) from reward r where r.policy_id = p.id and r.version = 0))::int as "pendingRewards",
  (select jsonb_build_object('status', a.status, 'at', to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
     'reasons', a.reasons)
   from policy_audit a where a.policy_id = p.id order by a.at desc limit 1) as audit
from policy p left join policy_snapshot s on s.policy_id = p.id and s.version = p.serving_version
order by p.id`;

interface ProcessRow {
  readonly role: string;
  readonly started_at: Date;
  readonly last_seen_at: Date;
  readonly facts: { readonly spool?: { readonly pending: number; readonly oldestAgeSeconds: number } };
}

/** How the installation is doing, and the switch that turns all experiments off. */
@Injectable()
export class OperationsService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rates = new RateSampler();
  private readonly log = new RateLimitedLog((message) => new Logger('Operations').warn(message), 60_000);
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.sample();
    this.timer = setInterval(() => void this.sample(), SAMPLE_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
  }

  async read(): Promise<Operations> {
    const [queues, processes, policies, [sizes], [quarantine], killSwitch] = await Promise.all([
      this.queues(),
      this.db.query<ProcessRow & Record<string, unknown>>(
        'select role, started_at, last_seen_at, facts from process where last_seen_at > now() - make_interval(secs => $1) order by role, started_at',
        [GONE_AFTER_MS / 1000],
      ),
      this.db.query<Operations['policies'][number]>(POLICIES),
      this.db.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes'),
      this.db.query<{ count: number }>(`select count(*)::int as count from quarantine where status = 'open'`),
      this.killSwitch(),
    ]);
    await this.sample();
    return {
      queues,
      rates: this.currentRates(),
      spool: spoolOf(processes),
      quarantine: { count: quarantine?.count ?? 0 },
      policies,
      database: { ok: true, sizeBytes: Number(sizes?.bytes ?? 0) },
      processes: processes.map((row) => ({
        role: row.role,
        startedAt: row.started_at.toISOString(),
        lastSeenAt: row.last_seen_at.toISOString(),
      })),
      killSwitch,
    };
  }

  /** Turns everything to its default, or back; takes effect in every process within a second or so. */
  async setKillSwitch({ enabled, reason }: KillSwitch, acting: Acting): Promise<{ killSwitch: boolean }> {
    await this.db.transaction(async (tx) => {
      const [before] = await tx.query<{ value: unknown }>(
        `select value from setting where key = 'kill_switch' for update`,
      );
      const value = { enabled, reason };
      await tx.query(
        `insert into setting (key, value) values ('kill_switch', $1::jsonb)
         on conflict (key) do update set value = excluded.value, updated_at = now()`,
        [JSON.stringify(value)],
      );
      await recordChange(tx, acting, {
        action: enabled ? 'kill-switch.on' : 'kill-switch.off',
        entity: 'setting',
        entityKey: 'kill_switch',
        before: before?.value ?? null,
        after: value,
      });
    });
    return { killSwitch: enabled };
  }

  queues(): Promise<QueueState[]> {
    return Promise.all(
      QUEUE_NAMES.map((name) => stateOf(this.modules.get<Queue>(getQueueToken(name), { strict: false }))),
    );
  }

  /** Totals that survive the processes: what was stored, refused as duplicate, quarantined. */
  async totals(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.db.query<{ name: string; value: string }>('select name, value from counter');
    return Object.fromEntries(rows.map(({ name, value }) => [name, Number(value)]));
  }

  private async killSwitch(): Promise<boolean> {
    const [row] = await this.db.query<{ on: boolean | null }>(
      `select case jsonb_typeof(value) when 'boolean' then value = 'true'::jsonb else value -> 'enabled' = 'true'::jsonb end as on
       from setting where key = 'kill_switch'`,
    );
    return row?.on === true;
  }

  private currentRates(): Operations['rates'] {
    const decisions = this.rates.perMinute('ingest.decisions_stored');
    return {
      decisionsPerMinute: Math.round(decisions),
      eventsPerMinute: Math.round(this.rates.perMinute('ingest.events_stored')),
      fallbackShare:
        decisions > 0 ? Math.min(1, this.rates.perMinute('ingest.decisions_fallback') / decisions) : null,
    };
  }

  private async sample(): Promise<void> {
    try {
      this.rates.add(performance.now(), await this.totals());
    } catch (error) {
      this.log.report('totals', error as Error);
    }
  }
}

async function stateOf(queue: Queue): Promise<QueueState> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
  const waiting = (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0);
  const oldest = waiting > 0 ? await oldestJobAt(queue, ['waiting']) : null;
  return {
    name: queue.name,
    waiting,
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
    failed: counts['failed'] ?? 0,
    oldestAgeSeconds: oldest === null ? null : Math.max(0, (Date.now() - oldest) / 1000),
  };
}

/** The spools of all living processes together. */
function spoolOf(processes: readonly ProcessRow[]): Operations['spool'] {
  const spools = processes.flatMap(({ facts }) => (facts.spool ? [facts.spool] : []));
  const pending = spools.reduce((sum, spool) => sum + spool.pending, 0);
  return {
    pending,
    oldestAgeSeconds: pending > 0 ? Math.max(...spools.map((spool) => spool.oldestAgeSeconds)) : null,
  };
}
