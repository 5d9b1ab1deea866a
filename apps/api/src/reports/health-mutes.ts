import { Inject, Injectable } from '@nestjs/common';
import { healthCheckRegistry } from '#metrics';
import type { HealthResult } from '#metrics';
import type { Json } from '#experiments';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';

export const MUTED_DAYS = 7;

/** Somebody has seen the warning of a check, and said why it may be passed over for a time. */
export interface Mute {
  readonly check: string;
  readonly reason: string;
  readonly by: string;
  readonly at: Date;
  readonly until: Date;
}

export type HealthView = HealthResult & { readonly muted: Omit<Mute, 'check'> | null };

/** Muting takes a warning's banner away, never what it does to the verdict. */
export function withMutes(health: readonly HealthResult[], mutes: readonly Mute[]): HealthView[] {
  const byCheck = new Map(mutes.map(({ check, ...mute }) => [check, mute]));
  return health.map((check) => ({ ...check, muted: byCheck.get(check.key) ?? null }));
}

/** The worst status among checks that say something about validity; muted warnings are passed over. */
export function worstStatus(health: readonly HealthView[]): HealthResult['status'] {
  for (const status of ['fail', 'warn'] as const)
    if (health.some((check) => check.status === status && (check.blocks || check.muted === null)))
      return status;
  return health.length === 0 || health.every((check) => check.status === 'unknown') ? 'unknown' : 'pass';
}

/** Warnings that say when to decide or how, and not that something is broken. */
const NO_ALARM: ReadonlySet<HealthResult['warning']> = new Set([
  'EARLY',
  'PEEK',
  'POWER',
  'MANY',
  'EDIT',
  'NOVELTY',
  'IMMATURE',
] as const);

/** What somebody on call should look at, failing checks first; muted warnings are passed over unless they block. */
export function alarmsOf(health: readonly HealthView[]): Pick<HealthResult, 'key' | 'title' | 'status'>[] {
  return (['fail', 'warn'] as const).flatMap((wanted) =>
    health
      .filter(({ status, warning }) => status === wanted && (warning === null || !NO_ALARM.has(warning)))
      .filter(({ blocks, muted }) => blocks || muted === null)
      .map(({ key, title, status }) => ({ key, title, status })),
  );
}

/** Mutes checks and remembers who looked at blocked results. Every write is in the audit log. */
@Injectable()
export class HealthMutes {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Muting again replaces the reason and begins the time anew. @throws Problem 404. */
  async mute(experiment: string, check: string, reason: string, acting: Acting): Promise<Mute> {
    requireCheck(check);
    return this.db.transaction(async (tx) => {
      await requireExperiment(tx, experiment);
      const before = await find(tx, experiment, check);
      const [mute] = await tx.query<Mute & Record<string, unknown>>(
        `insert into health_mute (experiment, check_key, reason, muted_by, muted_at, until)
         values ($1, $2, $3, $4, now(), now() + make_interval(days => $5))
         on conflict (experiment, check_key) do update
           set reason = excluded.reason, muted_by = excluded.muted_by, muted_at = excluded.muted_at, until = excluded.until
         returning check_key as "check", reason, muted_by as "by", muted_at as "at", until`,
        [experiment, check, reason, acting.actor, MUTED_DAYS],
      );
      await record(tx, acting, {
        action: 'experiment.mute',
        experiment,
        before: before ?? null,
        after: mute,
      });
      return mute as Mute;
    });
  }

  /** @throws Problem 404, also when the check is not muted. */
  async unmute(experiment: string, check: string, acting: Acting): Promise<void> {
    requireCheck(check);
    await this.db.transaction(async (tx) => {
      await requireExperiment(tx, experiment);
      const before = await find(tx, experiment, check);
      if (!before) throw Problem.notFound('A mute of the check', check);
      await tx.query(`delete from health_mute where experiment = $1 and check_key = $2`, [experiment, check]);
      await record(tx, acting, {
        action: 'experiment.unmute',
        experiment,
        before,
      });
    });
  }

  /** Somebody chose to see results that must not be decided on. @throws Problem 404. */
  async seenWhileBlocked(experiment: string, acting: Acting): Promise<void> {
    await this.db.transaction(async (tx) => {
      await requireExperiment(tx, experiment);
      await record(tx, acting, {
        action: 'experiment.show-blocked',
        experiment,
      });
    });
  }
}

function requireCheck(check: string): void {
  if (healthCheckRegistry.find(check)) return;
  const keys = healthCheckRegistry.list().map(({ key }) => key);
  throw new Problem(
    404,
    'not_found',
    `There is no health check "${check.slice(0, 128)}"; checks are ${keys.join(', ')}`,
  );
}

async function requireExperiment(tx: Transaction, key: string): Promise<void> {
  const rows = await tx.query(`select from experiment where key = $1 for update`, [key]);
  if (rows.length === 0) throw Problem.notFound('Experiment', key);
}

async function find(tx: Transaction, experiment: string, check: string): Promise<unknown> {
  const [row] = await tx.query(
    `select check_key as "check", reason, muted_by as "by", muted_at as "at", until from health_mute
      where experiment = $1 and check_key = $2`,
    [experiment, check],
  );
  return row;
}

interface Noted {
  readonly action: string;
  readonly experiment: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Into the audit log only: nothing that is served changes, so that no process has to reload. */
function record(
  tx: Transaction,
  acting: Acting,
  { action, experiment, before, after }: Noted,
): Promise<void> {
  return writeAudit(tx, {
    actor: acting.actor,
    requestId: acting.requestId,
    action,
    entity: 'experiment',
    entityKey: experiment,
    ...(before === undefined ? {} : { before: before as Json }),
    ...(after === undefined ? {} : { after: after as Json }),
  });
}
