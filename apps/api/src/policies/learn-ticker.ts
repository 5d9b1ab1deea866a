import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Database } from '../persistence/database.js';
import { QUEUES } from '../queues/jobs.js';
import type { LearnJob } from '../queues/jobs.js';

const TICK_MS = 250;
/** With a window nobody waits for the last second; without one a policy answers as fast as it can. */
const WINDOWED_GAP_MS = 1000;
/** How often rewards are looked for that wait from an earlier refusal or a full batch. */
const BACKLOG_EVERY_TICKS = 40;

const DUE = `
select p.id, p.window_seconds from policy p
where exists (select from reward_due d where d.policy_id = p.id and d.due_at <= $1)
   or ($2 and p.learning and exists (select from reward r where r.policy_id = p.id and r.version = 0))
   or exists (select from warm_start w where w.policy_id = p.id and w.status in ('queued', 'running'))
   or ($3 and p.learning)`;

/**
 * Adds one learn job for every policy that has something to learn. Cheap to run in several workers: jobs of one
 * policy are deduplicated while one is waiting or running. Looks at every policy once at the start and after each
 * change of configuration, so that changed parameters and unfrozen policies take effect at once.
 */
@Injectable()
export class LearnTicker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Learn');
  private readonly added = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;
  private stopListening: (() => Promise<void>) | null = null;
  private ticking: Promise<void> | null = null;
  private configurationChanged = false;
  private failing = false;
  private ticks = 0;

  constructor(
    @Inject(Database) private readonly db: Database,
    @InjectQueue(QUEUES.learn) private readonly queue: Queue<LearnJob>,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.db.listen(['marquee_catalog'], () => (this.configurationChanged = true));
    this.timer = setInterval(() => {
      this.ticking ??= this.tickSafely().finally(() => (this.ticking = null));
    }, TICK_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.stopListening?.();
    await this.ticking;
  }

  /** @returns the policies that got a job. */
  async tick(now: Date): Promise<readonly string[]> {
    const everything = this.configurationChanged;
    this.configurationChanged = false;
    const backlog = this.ticks++ % BACKLOG_EVERY_TICKS === 0;
    const rows = await this.db.query<{ id: string; window_seconds: number }>(DUE, [now, backlog, everything]);
    const ready = rows.filter(({ id, window_seconds: window }) => {
      const last = this.added.get(id) ?? -Infinity;
      return everything || now.getTime() - last >= (window === 0 ? 0 : WINDOWED_GAP_MS);
    });
    for (const { id } of ready) {
      this.added.set(id, now.getTime());
      await this.queue.add('learn', { policyId: id }, { deduplication: { id } });
    }
    return ready.map(({ id }) => id);
  }

  private async tickSafely(): Promise<void> {
    try {
      await this.tick(new Date());
      this.failing = false;
    } catch (error) {
      this.configurationChanged = true;
      if (!this.failing)
        this.logger.warn(`cannot look for due rewards, trying again: ${(error as Error).message}`);
      this.failing = true;
    }
  }
}
