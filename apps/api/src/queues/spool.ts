import { open, rename } from 'node:fs/promises';
import { SpoolOwner } from './spool-owner.js';
import { Segment } from './spool-segment.js';
import type { SpoolKind } from './spool-segment.js';
import { SPOOL_LIMITS } from './spool-contract.js';
import type { SpoolLimits, SpoolOptions, SpoolStatus } from './spool-contract.js';
import { backoffMs, batchesOf, textOf, withTimeout } from './spool-shipping.js';

export * from './spool-contract.js';
export type { SpoolKind } from './spool-segment.js';

const IDLE_ROTATE_MS = 1000;
const ADOPT_EVERY_MS = 10_000;
const HEARTBEAT_MS = 5000;
const RETRY_DISK_MS = 1000;

/**
 * An append-only local journal that is shipped to the queue in batches and trimmed once the queue has them.
 *
 * `append` neither waits nor throws; its records are in the file within a few milliseconds, so a killed process loses
 * at most those. `appendDurable` resolves after fsync. At start, and every ten seconds, the segments of processes that
 * are gone are adopted and shipped. Delivery is at least once; storage makes the effect exactly once.
 */
export class Spool {
  private readonly limits: SpoolLimits;
  private readonly owner: SpoolOwner;
  private readonly segments: Segment[] = [];
  private current: Segment;
  private nextNumber = 1;
  private timer: NodeJS.Timeout | null = null;
  private pumping: Promise<void> | null = null;
  private writeScheduled = false;
  private retryAt = 0;
  private failures = 0;
  private dropped = 0;
  private shipped = 0;
  private pendingCount = 0;
  private totalBytes = 0;
  private housekeeping: NodeJS.Timeout | null = null;
  private lastAdoption = 0;
  private lastHeartbeat = 0;
  private lastSync = 0;
  private closing = false;
  private memoryFull = false;

  constructor(private readonly options: SpoolOptions) {
    this.limits = { ...SPOOL_LIMITS, ...options.limits };
    this.owner = new SpoolOwner(options.directory, options.name);
    this.current = this.newSegment();
  }

  /** Claims the folder and adopts what earlier processes left. @throws when the folder cannot be written. */
  async start(): Promise<void> {
    await this.owner.claim();
    await this.adopt();
    this.housekeeping = setInterval(() => void this.housekeep(), 250);
    this.housekeeping.unref();
    this.schedule();
  }

  /** Takes records in; never waits, never throws. */
  append(kind: SpoolKind, records: readonly unknown[]): void {
    for (const record of records) this.add(kind, record);
    if (this.writeScheduled) return;
    this.writeScheduled = true;
    setTimeout(() => {
      this.writeScheduled = false;
      this.current.flush();
    }, this.limits.writeMs);
  }

  /**
   * Takes records in and resolves once they are on disk (fsync; concurrent calls share one).
   * @throws when the disk refuses or the spool is full; the records may still be shipped.
   */
  async appendDurable(kind: SpoolKind, records: readonly unknown[]): Promise<void> {
    const before = this.dropped;
    const touched = new Set<Segment>();
    for (const record of records) {
      this.add(kind, record);
      touched.add(this.current);
    }
    if (this.dropped > before) throw new Error('the spool is full');
    for (const segment of touched) await segment.synced();
  }

  status(now: number = Date.now()): SpoolStatus {
    const oldest = this.segments.find((segment) => segment.waiting > 0);
    return {
      pending: this.pendingCount,
      oldestAgeSeconds: oldest ? Math.max(0, (now - oldest.oldestAt) / 1000) : 0,
      bytes: this.totalBytes,
      dropped: this.dropped,
      shipped: this.shipped,
      failures: this.failures,
    };
  }

  /** Ships what it can within the time given. */
  async drain(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    this.retryAt = 0;
    do {
      this.current.flush();
      const left = Math.max(1, deadline - Date.now());
      // A hand-over already under way may have been given more time than is left now.
      await withTimeout(this.pump(left), left).catch(() => undefined);
    } while (this.pendingCount > 0 && this.failures === 0 && Date.now() < deadline);
  }

  /** As drain, then stops; what is left stays on disk for the next process. */
  async close(withinMs = 5000): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    if (this.housekeeping) clearInterval(this.housekeeping);
    if (this.timer) clearTimeout(this.timer);
    await this.drain(withinMs);
    for (const segment of this.segments) await segment.finish();
    await this.owner.release();
  }

  private add(kind: SpoolKind, record: unknown): void {
    try {
      const { bytes, broken, createdAt } = this.current;
      // A disk that refused is tried again with a new segment, but not for every record.
      if (bytes >= this.limits.segmentBytes || (broken && Date.now() - createdAt > RETRY_DISK_MS))
        this.rotate();
      if (this.full()) {
        this.drop('the spool is full');
        return;
      }
      const segment = this.current;
      const before = segment.bytes;
      segment.append({ kind, text: textOf(record), at: Date.now() });
      this.totalBytes += segment.bytes - before;
      this.pendingCount++;
      if (this.pendingCount === 1 || this.pendingCount % this.limits.batchRecords === 0) this.schedule();
    } catch (error) {
      this.drop((error as Error).message);
    }
  }

  private full(): boolean {
    return this.memoryFull || this.totalBytes >= this.limits.diskBytes;
  }

  private drop(why: string): void {
    if (this.dropped++ % 1000 === 0) this.options.logger.error(`spool: a record was dropped: ${why}`);
  }

  private newSegment(): Segment {
    const segment = new Segment(this.owner.segmentPath(this.nextNumber++), Date.now(), () =>
      this.syncDirectory(),
    );
    this.segments.push(segment);
    return segment;
  }

  private rotate(): void {
    const last = this.current;
    if (last.broken) this.options.logger.error('spool: writing to disk failed; records are kept in memory');
    last.closed = true;
    last.flush();
    this.current = this.newSegment();
    this.evict();
  }

  /** Keeps memory bounded: closed segments that stand safely on disk give up their records, newest first. */
  private evict(): void {
    let held = 0;
    for (const segment of this.segments) if (segment.inMemory) held += segment.bytes;
    for (let i = this.segments.length - 1; i > 0 && held > this.limits.memoryBytes; i--) {
      const segment = this.segments[i] as Segment;
      if (!segment.closed || !segment.persisted || !segment.inMemory) continue;
      segment.evict();
      held -= segment.bytes;
    }
    this.memoryFull = held >= 2 * this.limits.memoryBytes;
  }

  private schedule(): void {
    if (this.closing) return;
    const wait = this.pendingCount >= this.limits.batchRecords ? 0 : this.limits.flushMs;
    const delay = Math.max(wait, this.retryAt - Date.now());
    if (this.timer !== null) {
      if (delay > 0) return;
      clearTimeout(this.timer);
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.pump(this.limits.shipTimeoutMs);
    }, delay);
    this.timer.unref();
  }

  private pump(timeoutMs: number): Promise<void> {
    this.pumping ??= this.shipNext(timeoutMs).finally(() => {
      this.pumping = null;
      if (this.pendingCount > 0) this.schedule();
    });
    return this.pumping;
  }

  private async shipNext(timeoutMs: number): Promise<void> {
    const head = this.segments.find((segment) => segment.waiting > 0);
    if (head === undefined) return;
    try {
      const entries = await head.peek(this.limits.batchRecords * this.limits.batchesPerShip);
      const batches = batchesOf(head, entries, this.limits.batchRecords);
      if (batches.length > 0) await withTimeout(this.options.ship(batches), timeoutMs);
      head.acknowledge(entries);
      this.shipped += entries.length;
      this.failures = 0;
      this.retryAt = 0;
    } catch (error) {
      this.failures++;
      this.retryAt = Date.now() + backoffMs(this.failures);
      if (Number.isInteger(Math.log2(this.failures))) {
        this.options.logger.warn(
          `spool: shipping failed ${this.failures} times in a row: ${(error as Error).message}`,
        );
      }
    }
    await this.trim();
  }

  /** Forgets and deletes segments that are shipped in full. */
  private async trim(): Promise<void> {
    const done = this.segments.filter((segment) => segment.closed && segment.waiting === 0);
    for (const segment of done) this.segments.splice(this.segments.indexOf(segment), 1);
    this.recount();
    if (this.memoryFull) this.evict();
    for (const segment of done) {
      if (segment.corrupt > 0) {
        this.options.logger.error(
          `spool: ${segment.corrupt} lines of a segment could not be read; it is kept as .corrupt`,
        );
      }
      await segment.finish();
    }
  }

  private recount(): void {
    this.pendingCount = 0;
    this.totalBytes = 0;
    for (const segment of this.segments) {
      this.pendingCount += segment.waiting;
      this.totalBytes += segment.bytes;
    }
  }

  /** Adopts the segments of processes that are gone; they are shipped before our own. */
  private async adopt(): Promise<void> {
    this.lastAdoption = Date.now();
    const adopted: Segment[] = [];
    for (const orphan of await this.owner.orphans()) {
      const path = this.owner.segmentPath(this.nextNumber++);
      try {
        await rename(orphan, path);
        adopted.push(await Segment.adopt(path, () => this.syncDirectory()));
      } catch (error) {
        // Another process was faster.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    this.segments.unshift(...adopted);
    await this.trim();
  }

  private async housekeep(): Promise<void> {
    const now = Date.now();
    const { count, waiting, createdAt } = this.current;
    const idle = count > 0 && waiting === 0 && now - createdAt > IDLE_ROTATE_MS;
    if (idle) this.rotate();
    try {
      if (idle && this.pumping === null) await this.trim();
      await this.keepHouse(now);
    } catch (error) {
      this.options.logger.warn(`spool: housekeeping failed: ${(error as Error).message}`);
    }
    if (this.pendingCount > 0 && this.timer === null && this.pumping === null) this.schedule();
  }

  private async keepHouse(now: number): Promise<void> {
    const { syncEveryMs } = this.limits;
    if (now - this.lastHeartbeat > HEARTBEAT_MS) {
      this.lastHeartbeat = now;
      await this.owner.heartbeat();
    }
    if (now - this.lastAdoption > ADOPT_EVERY_MS) await this.adopt();
    if (syncEveryMs !== null && now - this.lastSync > syncEveryMs) {
      this.lastSync = now;
      await this.current.sync();
    }
  }

  /** Makes the name of a new file as durable as its content. */
  private async syncDirectory(): Promise<void> {
    const directory = await open(this.options.directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
