import type { EventStore } from './event-store.js';
import type { Beacon, Post, Posted } from './post.js';
import type { ClientOptions, ClientProblem } from './types.js';

const SEND_TIMEOUT_MS = 10_000;
/** Browsers allow 64 KiB for all requests that outlive their page; a character is at most 3 bytes. */
const KEEPALIVE_CHARACTERS = 20_000;
/** Devices that come back together do not ask together. */
const SOON_MS = 1_000;
/** A `Retry-After` beyond this is not believed. */
const LONGEST_ORDER_MS = 600_000;

/** Whether sending again would change nothing: accepted, or refused for good. */
const isFinal = ({ status }: Posted): boolean =>
  status !== 0 && status !== 408 && status !== 429 && status < 500;

/**
 * Events on their way to the server: batched, bounded, sent again until the server has them. An event is JSON from its
 * capture on and keeps its id; the server counts an id once, so whatever is sent twice is harmless.
 */
export class EventQueue {
  /** In order of capture; the first `sending` are under way. */
  private events: string[] = [];
  private sending = 0;
  private flight: Promise<boolean> | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private failures = 0;
  private notBefore = 0;
  private closed = false;
  private held = false;
  /** Events that a beacon took; it does not say whether they arrived, so they are sent again should the page live on. */
  private readonly left = new Set<string>();
  private flushAt: number;
  private readonly flushMs: number;
  private readonly maxQueued: number;
  private readonly retryMs: readonly [number, number];

  constructor(
    private readonly post: Post,
    private readonly beacon: Beacon,
    private readonly kept: EventStore,
    private readonly report: (problem: ClientProblem) => void,
    options: Pick<ClientOptions, 'flushAt' | 'flushMs' | 'maxQueued' | 'retryMs'>,
  ) {
    this.flushAt = Math.min(1_000, Math.max(1, options.flushAt ?? 50));
    this.flushMs = options.flushMs ?? 5_000;
    this.maxQueued = Math.max(1, options.maxQueued ?? 1_000);
    this.retryMs = options.retryMs ?? [1_000, 60_000];
  }

  add(event: string): void {
    if (this.closed) return this.lose('closed', 1);
    if (this.events.length >= this.maxQueued) {
      const [gone = ''] = this.events.splice(this.sending < this.events.length ? this.sending : 0, 1);
      this.left.delete(gone);
      this.lose('queue_full', 1);
    }
    this.events.push(event);
    if (this.events.length >= this.flushAt && this.failures === 0 && !this.held) void this.flush();
    else this.wake(this.flushMs);
  }

  /** While held, events wait and nothing is sent. */
  hold(held: boolean): void {
    this.held = held;
    if (held) return;
    // What earlier pages could not send goes first; its bound is that of the queue.
    const known = new Set(this.events);
    const earlier = this.kept.read().filter((event) => !known.has(event));
    const room = Math.max(0, this.maxQueued - this.events.length);
    this.events.splice(0, 0, ...earlier.slice(Math.max(0, earlier.length - room)));
    if (this.events.length > 0) this.wake(0);
  }

  /** The device is online or the page in view again: what failed is tried soon, and not after the whole delay. */
  resume(): void {
    if (this.failures === 0 || this.events.length === 0 || this.held) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.wake(Math.max(0, this.notBefore - Date.now()) + Math.random() * Math.min(SOON_MS, this.retryMs[0]));
  }

  /** Drops what waits; what is under way cannot be called back. */
  clear(): void {
    this.events = [];
    this.left.clear();
    this.kept.clear();
  }

  /** Sends now what is queued. @returns whether all of it left; false while the server is away or events are held. */
  async flush(): Promise<boolean> {
    while (this.events.length > 0) {
      if (this.held) return false;
      this.flight ??= this.sendNext().finally(() => (this.flight = null));
      if (!(await this.flight)) return false;
    }
    return true;
  }

  /** The page may be gone in a moment: what fits, also what is under way, leaves in one request that outlives it. */
  async leave(): Promise<void> {
    let size = 0;
    const batch = this.events.filter(
      (event) => !this.left.has(event) && (size += event.length) <= KEEPALIVE_CHARACTERS,
    );
    if (this.held) return;
    const taken = batch.length > 0 && this.beacon(`[${batch.join(',')}]`);
    if (taken) for (const event of batch) this.left.add(event);
    // A beacon to a server that is away is lost without a word.
    this.keep(this.failures > 0 ? this.events : this.events.filter((event) => !this.left.has(event)));
    if (taken || batch.length === 0) return;
    const answer = await this.send(batch, true);
    if (isFinal(answer)) this.settle(batch, answer);
  }

  /** One last attempt, then nothing more. */
  async close(): Promise<boolean> {
    this.closed = true;
    const done = await this.flush();
    if (this.timer !== null) clearTimeout(this.timer);
    if (!done && !this.keep(this.events)) this.lose('closed', this.events.length);
    return done;
  }

  private send(batch: readonly string[], keepalive = false): Promise<Posted> {
    return this.post('/v1/events', `{"events":[${batch.join(',')}]}`, SEND_TIMEOUT_MS, keepalive);
  }

  private async sendNext(): Promise<boolean> {
    const early = this.notBefore - Date.now();
    if (early > 0) {
      this.wake(early);
      return false;
    }
    const batch = this.events.slice(0, this.flushAt);
    this.sending = batch.length;
    const answer = await this.send(batch);
    this.sending = 0;
    if (!isFinal(answer)) {
      this.retryLater(answer);
      return false;
    }
    this.failures = 0;
    if (answer.status === 413 && batch.length > 1) this.flushAt = Math.ceil(batch.length / 2);
    else this.settle(batch, answer);
    return true;
  }

  private settle(batch: readonly string[], { status, body }: Posted): void {
    const done = new Set(batch);
    this.events = this.events.filter((event) => !done.has(event));
    this.kept.drop(done);
    for (const event of batch) this.left.delete(event);
    const rejected = (body as { rejected?: unknown } | null)?.rejected;
    if (Array.isArray(rejected))
      for (const one of rejected as ({ code?: unknown } | null)[]) this.lose(String(one?.code), 1);
    else if (status !== 202) this.lose(`http_${status}`, batch.length);
  }

  private retryLater({ status, failure, retryAfterMs }: Posted): void {
    const [first, longest] = this.retryMs;
    const ordered = Math.min(retryAfterMs, LONGEST_ORDER_MS);
    this.notBefore = Date.now() + ordered;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    // Full jitter: clients that failed together do not come back together.
    this.wake(ordered + Math.random() * Math.min(longest, first * 2 ** this.failures++));
    this.keep(this.events);
    this.lose(status === 0 ? String(failure) : `http_${status}`, 0);
  }

  /** Nothing is stored while consent is waited for. */
  private keep(events: readonly string[]): boolean {
    return !this.held && events.length > 0 && this.kept.keep(events);
  }

  private lose(reason: string, lost: number): void {
    this.report({ what: 'events', reason, lost });
  }

  private wake(delayMs: number): void {
    if (this.timer !== null || this.closed || this.held) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.flush();
    }, delayMs);
    // Waiting events keep no Node process alive: close() sends them.
    (this.timer as { unref?: () => void }).unref?.();
  }
}
