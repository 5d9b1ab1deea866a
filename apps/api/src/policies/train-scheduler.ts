import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { writeAudit } from '../access/audit.js';
import { policyRegistry } from '#policies';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { lockPolicy } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import { insertRun } from './training-runs.service.js';

const TICK_MS = 30_000;
/** For policies whose settings are older than that one. */
const DEFAULT_FROM_SCRATCH_EVERY = 7;

/**
 * Policies whose time has come: the newest scheduled moment has passed, is later than the last change of the policy
 * (which may have set the schedule), and no run was asked for since. A frozen policy does not train by itself.
 */
const DUE = `
with scheduled as (
  select id, updated_at, training -> 'schedule' ->> 'timeZone' as zone, (training -> 'schedule' ->> 'at')::time as at
  from policy where learning and training -> 'schedule' ->> 'at' is not null),
today as (
  select id, updated_at, (date_trunc('day', $1::timestamptz at time zone zone) + at) at time zone zone as moment
  from scheduled),
newest as (
  select id, updated_at, case when moment <= $1 then moment else moment - interval '1 day' end as moment from today)
select id from newest n
where moment >= updated_at and not exists (select from training_run r where r.policy_id = n.id and r.created_at >= n.moment)
  and not exists (select from training_run r where r.policy_id = n.id and r.status in ('queued', 'running'))
order by id`;

/** Starts the nightly training runs; the sweeper finds their rows and gives them jobs. Any number may tick at once. */
@Injectable()
export class TrainScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Train');
  private timer: NodeJS.Timeout | null = null;
  private ticking: Promise<unknown> | null = null;

  constructor(@Inject(Database) private readonly db: Database) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.ticking ??= this.tick(new Date())
        .catch((error: Error) => this.logger.warn(`cannot look for scheduled training: ${error.message}`))
        .finally(() => (this.ticking = null));
    }, TICK_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.ticking;
  }

  /** @returns ids of the runs that were started. */
  async tick(now: Date): Promise<string[]> {
    const due = await this.db.query<{ id: string }>(DUE, [now]);
    const started: string[] = [];
    for (const { id } of due) {
      const run = await this.start(id, now).catch((error: Error) => {
        this.logger.warn(`scheduled training of "${id}" does not start: ${error.message}`);
        return null;
      });
      if (run !== null) started.push(run);
    }
    return started;
  }

  /** Looks again under the policy's lock, which others that tick wait for. */
  private start(id: string, now: Date): Promise<string | null> {
    return this.db.transaction(async (tx) => {
      const policy = await lockPolicy(tx, id, true);
      const due = await tx.query<{ id: string }>(DUE, [now]);
      if (!policy || !due.some((row) => row.id === id)) return null;
      const promote = policy.training?.promote ?? 'auto';
      const run = await insertRun(tx, policy, { promote, begin: await beginningOf(tx, policy) }, 'schedule');
      await writeAudit(tx, {
        actor: 'system: nightly training',
        action: 'policy.train',
        entity: 'policy',
        entityKey: id,
        after: { run: run.id, promote: run.promote, begin: run.begin_with },
      });
      return run.id;
    });
  }
}

/** Nights between two that begin from nothing begin with what serves: a model that only ever goes on drifts. */
async function beginningOf(tx: Transaction, policy: PolicyRow): Promise<'scratch' | 'serving'> {
  const every = policy.training?.fromScratchEvery ?? DEFAULT_FROM_SCRATCH_EVERY;
  const registered = policyRegistry.get(policy.key);
  if (every === 1 || registered.learns !== 'batch' || !registered.canBeginWith) return 'scratch';
  if (policy.serving_version === null) return 'scratch';
  const [warm] = await tx.query<{ runs: number }>(
    `select count(*)::int as runs from training_run r
      where policy_id = $1 and status = 'succeeded' and begin_with = 'serving' and created_at > coalesce(
        (select max(created_at) from training_run where policy_id = $1 and status = 'succeeded' and begin_with = 'scratch'),
        '-infinity')`,
    [policy.id],
  );
  return (warm?.runs ?? 0) + 1 < every ? 'serving' : 'scratch';
}
