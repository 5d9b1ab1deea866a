import { mergeLines } from '../queues/event-lines.js';
import type { EventLines } from '../queues/jobs.js';

export interface BatcherLimits {
  /** Events at which a batch leaves at once. */
  readonly flushAt: number;
  /** Longest time a small batch waits for company. */
  readonly lingerMs: number;
  /** Most events in one batch; while hand-overs are under way, batches grow up to this. */
  readonly most: number;
  /** Hand-overs at the same time. */
  readonly inFlight: number;
}

export const BATCHER_LIMITS: BatcherLimits = { flushAt: 500, lingerMs: 10, most: 4000, inFlight: 1 };

interface Waiting {
  readonly lines: EventLines;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Joins the batches of concurrent requests, because the queue takes a few hundred hand-overs a second however small
 * they are. Batches grow with the load: what arrives while hand-overs are under way leaves together.
 */
export class EventBatcher {
  private waiting: Waiting[] = [];
  private waitingEvents = 0;
  private flying = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly send: (lines: EventLines) => Promise<void>,
    private readonly limits: BatcherLimits = BATCHER_LIMITS,
  ) {}

  /** Resolves when the events are durable; rejects with the reason when they are not. */
  add(lines: EventLines): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ lines, resolve, reject });
      this.waitingEvents += lines.count;
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.waitingEvents === 0) return;
    if (this.waitingEvents >= this.limits.flushAt) {
      if (this.timer) clearTimeout(this.timer);
      this.timer = null;
      if (this.flying < this.limits.inFlight) this.flush();
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = null;
      if (this.flying < this.limits.inFlight) this.flush();
    }, this.limits.lingerMs);
  }

  private flush(): void {
    if (this.waiting.length === 0) return;
    const batch: Waiting[] = [];
    let events = 0;
    for (const one of this.waiting) {
      if (events > 0 && events + one.lines.count > this.limits.most) break;
      batch.push(one);
      events += one.lines.count;
    }
    this.waiting = this.waiting.slice(batch.length);
    this.waitingEvents -= events;
    this.flying += 1;
    this.send(mergeLines(batch.map(({ lines }) => lines)))
      .then(
        () => batch.forEach(({ resolve }) => resolve()),
        (error: unknown) => batch.forEach(({ reject }) => reject(error)),
      )
      .finally(() => {
        this.flying -= 1;
        // Whatever waited for a free hand has waited long enough.
        if (this.waitingEvents > 0) this.flush();
      });
    this.schedule();
  }
}
