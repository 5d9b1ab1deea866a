import { Inject, Injectable, Logger, Module, Optional } from '@nestjs/common';
import type { BeforeApplicationShutdown, DynamicModule, OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { RateLimitedLog } from '../queues/rate-limited-log.js';
import { Spool } from '../queues/spool.js';
import { newUlid } from '../http/ulid.js';

export const HEARTBEAT_MS = 5_000;
/** A process that has not been seen for this long is gone. */
export const GONE_AFTER_MS = 3 * HEARTBEAT_MS;

const ROLE = Symbol('process-role');

/** Tells the others that this process lives, and how full its spool is. */
@Injectable()
export class Heartbeat implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly id = newUlid(Date.now());
  private readonly startedAt = new Date();
  private readonly log = new RateLimitedLog((message) => new Logger('Heartbeat').warn(message), 60_000);
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ROLE) private readonly role: string,
    @Optional() @Inject(Spool) private readonly spool: Spool | null,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.beat();
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.db.query('delete from process where id = $1', [this.id]).catch(() => undefined);
  }

  private async beat(): Promise<void> {
    const status = this.spool?.status();
    const facts = status
      ? { spool: { pending: status.pending, oldestAgeSeconds: status.oldestAgeSeconds } }
      : {};
    try {
      await this.db.query(
        `insert into process (id, role, started_at, last_seen_at, facts) values ($1, $2, $3, now(), $4)
         on conflict (id) do update set last_seen_at = excluded.last_seen_at, facts = excluded.facts`,
        [this.id, this.role, this.startedAt, JSON.stringify(facts)],
      );
    } catch (error) {
      this.log.report('not written', error as Error);
    }
  }
}

/** In every process. */
@Module({})
export class HeartbeatModule {
  static of(role: 'api' | 'worker'): DynamicModule {
    return { module: HeartbeatModule, providers: [{ provide: ROLE, useValue: role }, Heartbeat] };
  }
}
