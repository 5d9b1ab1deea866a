import { setTimeout as sleep } from 'node:timers/promises';
import { EventQueue, declaredOf, type Answer } from '#simulation';
import { Refused, Unreachable, type ApiClient } from '../api-client.js';
import { EventSender } from '../event-sender.js';
import type { LiveWorld } from './live-world.js';

export interface TrafficOptions {
  /** Visits begun per second. */
  readonly visitsPerSecond: number;
  /** How much faster than the clock a visit goes by: 60 makes a film of 90 minutes last 90 seconds. */
  readonly speed: number;
  readonly signal: AbortSignal;
  /** One line for whoever looks at the process. */
  log(line: string): void;
  /** One line about a failure. */
  complain(line: string): void;
}

export interface TrafficTotals {
  visits: number;
  requests: number;
  events: number;
  lost: number;
}

const tickMs = 100;
const mostAtOnce = 64;
const reportEveryMs = 60_000;
/** Events are kept this long while the API is away. */
const patienceMs = 24 * 3_600_000;

/** Sends visits of a live world to the API until the signal; survives restarts of the API. */
export class Traffic {
  readonly totals: TrafficTotals = { visits: 0, requests: 0, events: 0, lost: 0 };
  private readonly queue = new EventQueue();
  private readonly sender: EventSender;
  private atOnce = 0;
  private away = false;

  constructor(
    private readonly api: ApiClient,
    private readonly world: LiveWorld,
    private readonly options: TrafficOptions,
  ) {
    this.sender = new EventSender(api, patienceMs);
  }

  async run(): Promise<void> {
    const { signal, visitsPerSecond } = this.options;
    let due = 0;
    let reported = Date.now();
    let last = Date.now();
    while (!signal.aborted) {
      const now = Date.now();
      // After a pause (a sleeping laptop) traffic goes on gently instead of catching up.
      due += (visitsPerSecond * Math.min(now - last, 1000)) / 1000;
      last = now;
      for (; due >= 1; due--) if (this.atOnce < mostAtOnce && !this.away) void this.visit();
      this.sendDue(now);
      if (this.away) await this.probe();
      if (now - reported > reportEveryMs) {
        reported = now;
        this.report();
      }
      await sleep(tickMs, undefined, { signal }).catch(() => undefined);
    }
    await Promise.race([this.finish(), sleep(3_000)]);
    this.report();
  }

  private async visit(): Promise<void> {
    const start = Date.now();
    const { visit, play } = this.world.begin(start);
    this.atOnce++;
    this.totals.visits++;
    try {
      let step = play.next();
      while (!step.done) {
        let answer: Answer | undefined;
        if (step.value.kind === 'serve') {
          this.totals.requests++;
          const { request } = step.value;
          const context = { ...request.context, ...declaredOf(request.unitId) };
          answer = await this.api.treatments({ ...request, context });
        }
        step = play.next(answer);
      }
    } catch (error) {
      // The member saw the app's own default: what follows can't be attributed and isn't sent.
      this.lose(error);
      return;
    } finally {
      this.atOnce--;
    }
    // Nothing may seem to happen before the decisions it is about, which were made by now.
    const done = Date.now();
    for (const { event, deliveredAt } of visit.pending) {
      const at = this.compress(done, start, Date.parse(event.at));
      this.queue.push({
        event: { ...event, at: new Date(at).toISOString() },
        deliveredAt: Math.max(at, this.compress(done, start, deliveredAt)),
      });
    }
  }

  private compress(from: number, start: number, at: number): number {
    return from + Math.round((at - start) / this.options.speed);
  }

  private sendDue(now: number): void {
    for (let next = this.queue.pop(now); next; next = this.queue.pop(now)) {
      this.sender.add(next.event);
      this.totals.events++;
    }
    if (this.sender.backlog > 0 && !this.away)
      this.sender.flush().catch((error: unknown) => this.lose(error));
  }

  private lose(error: unknown): void {
    this.totals.lost++;
    if (this.away) return;
    this.away = error instanceof Unreachable;
    this.options.complain(error instanceof Error ? error.message : String(error));
  }

  private async probe(): Promise<void> {
    const back = await this.api.call('GET', '/health/ready').then(
      () => true,
      (error: unknown) => error instanceof Refused,
    );
    if (back) {
      this.away = false;
      this.options.complain('the API is back');
      return;
    }
    const pause = 1000 * (0.5 + Math.random());
    await sleep(pause, undefined, { signal: this.options.signal }).catch(() => undefined);
  }

  private async finish(): Promise<void> {
    while (this.atOnce > 0) await sleep(20);
    await this.sender.flush().catch(() => undefined);
  }

  private report(): void {
    const { visits, requests, events, lost } = this.totals;
    const rejected = this.sender.firstRejection
      ? `, ${this.sender.rejected} rejected (${this.sender.firstRejection})`
      : '';
    this.options.log(
      `${visits} visits, ${requests} requests, ${events} events${lost > 0 ? `, ${lost} failures` : ''}${rejected}`,
    );
  }
}
