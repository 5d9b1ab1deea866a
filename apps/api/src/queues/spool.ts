import { withDeadline } from './deadline.js';
import { adoptOrphans, passes, setAside, warnOfOutdated } from './spool-adoption.js';
import { SpoolOwner } from './spool-owner.js';
import { SPOOL_KINDS, Segment } from './spool-segment.js';
import type { SegmentHost, SpoolKind } from './spool-segment.js';
import type { SpoolRun } from './spool-run.js';
import { evictBeyond, oldestWaiting, overdueForSync, unsavedIn } from './spool-segments.js';
import { SPOOL_LIMITS } from './spool-contract.js';
import type { SpoolLimits, SpoolOptions, SpoolStatus } from './spool-contract.js';
import { backoffMs } from './spool-shipping.js';

export * from './spool-contract.js';
export type { SpoolKind } from './spool-segment.js';

const IDLE_ROTATE_MS = 1000;
const ADOPT_EVERY_MS = 10_000;
const HEARTBEAT_MS = 5000;
const RETRY_DISK_MS = 1000;
/** How long the end of the process waits for a disk that does not answer. */
const FINISH_MS = 2000;

/**
 * An append-only local journal that is shipped in batches, to the table or to the queue, and trimmed once they are there.
 * It keeps lines of text, of each kind in files of their own.
 *
 * `append` neither waits nor throws; its lines are written together at the end of the turn of the event loop, so that
 * one write serves all requests of the turn. What is written survives the end of the process. `appendDurable` resolves
 * after fsync. At start, and every ten seconds, the segments of processes that
 * are gone are adopted and shipped. Delivery is at least once; storage makes the effect exactly once.
 */
export class Spool {
  private readonly limits: SpoolLimits;
  private readonly owner: SpoolOwner;
  private readonly host: SegmentHost;
  private readonly segments: Segment[] = [];
  /** Segments that are no longer ours to ship and whose files are being closed. */
  private readonly finishing = new Set<Promise<void>>();
  private readonly current: Record<SpoolKind, Segment>;
  private nextNumber = 1;
  private timer: NodeJS.Timeout | null = null;
  private pumping: Promise<void> | null = null;
  /** Kinds that were appended to in this turn, and who waits for them. */
  private readonly toWrite = new Set<SpoolKind>();
  private readonly watchers: Record<SpoolKind, (() => void)[]> = { decisions: [], events: [] };
  private slowUntil = -Infinity;
  private retryAt = 0;
  private failures = 0;
  private refused = 0;
  private lost = 0;
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
    this.host = { syncDirectory: () => this.owner.syncDirectory(), runLength: this.limits.shipLength };
    this.current = { decisions: this.newSegment('decisions'), events: this.newSegment('events') };
  }

  /** Claims the folder and adopts what earlier processes left. @throws when the folder cannot be written. */
  async start(): Promise<void> {
    await this.owner.claim();
    await this.adopt();
    await warnOfOutdated(this.owner, this.options.directory, this.options.logger);
    this.housekeeping = setInterval(() => void this.housekeep(), 250);
    this.housekeeping.unref();
    this.schedule();
  }

  /**
   * Takes in lines; never waits, never throws.
   * @param lines each with its newline.
   * @param written called once they stand in the file: survive the end of this process. Also called when that cannot
   *   be, because the disk is full, broken or stalled, so that answers do not depend on it; `status` tells.
   */
  append(kind: SpoolKind, lines: string, count: number, written?: () => void): void {
    this.add(kind, lines, count);
    if (written) this.watchers[kind].push(written);
    if (this.toWrite.size === 0) setImmediate(() => this.writeOut());
    this.toWrite.add(kind);
  }

  private writeOut(): void {
    for (const kind of this.toWrite) {
      const watchers = this.watchers[kind];
      this.watchers[kind] = [];
      this.write(this.current[kind]);
      for (const written of watchers) written();
    }
    this.toWrite.clear();
  }

  /** At once; beside the answers while the disk is slow, or something to the same file has not come back. */
  private write(segment: Segment): void {
    const began = performance.now();
    if (segment.busy || began < this.slowUntil) {
      segment.flush();
      return;
    }
    segment.flushNow();
    const tookMs = performance.now() - began;
    if (tookMs <= this.limits.slowWriteMs) return;
    this.slowUntil = performance.now() + this.limits.slowRestMs;
    this.options.logger.warn(
      `spool: a write took ${Math.round(tookMs)} ms; answers do not wait for the disk`,
    );
  }

  /**
   * Takes in lines, each with its newline, and resolves once they are on disk (fsync; concurrent calls share one).
   * @throws when the disk refuses or the spool is full; the lines may still be shipped.
   */
  async appendDurable(kind: SpoolKind, lines: string, count: number): Promise<void> {
    if (!this.add(kind, lines, count)) throw new Error('the spool is full');
    await this.current[kind].synced();
  }

  status(now: number = Date.now()): SpoolStatus {
    const oldest = oldestWaiting(this.segments);
    return {
      pending: this.pendingCount,
      oldestAgeSeconds: oldest ? Math.max(0, (now - oldest.oldestAt) / 1000) : 0,
      bytes: this.totalBytes,
      dropped: this.refused + this.lost,
      shipped: this.shipped,
      failures: this.failures,
    };
  }

  /** Ships what it can within the time given. */
  async drain(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    this.retryAt = 0;
    do {
      for (const kind of SPOOL_KINDS) this.write(this.current[kind]);
      const left = Math.max(1, deadline - Date.now());
      // A hand-over already under way may have been given more time than is left now.
      await withDeadline(this.pump(left), left).catch(() => undefined);
    } while (this.pendingCount > 0 && this.failures === 0 && Date.now() < deadline);
  }

  /** As drain, then stops; what is left stays on disk for the next process. */
  async close(withinMs = 5000): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    if (this.housekeeping) clearInterval(this.housekeeping);
    if (this.timer) clearTimeout(this.timer);
    await this.drain(withinMs);
    for (const segment of this.segments) this.finish(segment);
    await withDeadline(Promise.all(this.finishing), FINISH_MS).catch(() =>
      this.options.logger.warn(`spool: the disk did not answer within ${FINISH_MS} ms`),
    );
    const unsaved = unsavedIn(this.segments);
    this.lost += unsaved;
    if (unsaved > 0)
      this.options.logger.error(`spool: ${unsaved} lines were dropped: neither shipped nor on disk`);
    await this.owner.release();
  }

  /** Closes the file of a segment. Nobody waits: its disk may hang, which is no reason not to ship the others. */
  private finish(segment: Segment): void {
    const finished = segment.finish().finally(() => this.finishing.delete(finished));
    this.finishing.add(finished);
  }

  /** @returns false when they were refused. */
  private add(kind: SpoolKind, lines: string, count: number): boolean {
    const { bytes, broken, createdAt } = this.current[kind];
    // A disk that refused is tried again with a new segment, but not for every line.
    if (bytes >= this.limits.segmentBytes || (broken && Date.now() - createdAt > RETRY_DISK_MS))
      this.rotate(kind);
    if (this.full()) {
      if (this.refused === 0 || Math.floor((this.refused + count) / 1000) > Math.floor(this.refused / 1000))
        this.options.logger.error('spool: lines were dropped: the spool is full');
      this.refused += count;
      return false;
    }
    this.current[kind].append(lines, count);
    this.totalBytes += lines.length;
    const before = this.pendingCount;
    this.pendingCount += count;
    const { shipLines } = this.limits;
    if (before === 0 || (before < shipLines && this.pendingCount >= shipLines)) this.schedule();
    return true;
  }

  private full(): boolean {
    return this.memoryFull || this.totalBytes >= this.limits.diskBytes;
  }

  private newSegment(kind: SpoolKind): Segment {
    const path = this.owner.segmentPath(this.nextNumber++, kind);
    const segment = new Segment(path, kind, Date.now(), this.host);
    this.segments.push(segment);
    return segment;
  }

  private rotate(kind: SpoolKind): void {
    const last = this.current[kind];
    if (last.broken) this.options.logger.error('spool: writing to disk failed; lines are kept in memory');
    last.closed = true;
    this.write(last);
    this.current[kind] = this.newSegment(kind);
    this.evict();
  }

  /** Keeps memory bounded. */
  private evict(): void {
    const { memoryBytes } = this.limits;
    this.memoryFull = evictBeyond(this.segments, memoryBytes) >= 2 * memoryBytes;
  }

  private schedule(): void {
    if (this.closing) return;
    const wait = this.pendingCount >= this.limits.shipLines || this.backlogged() ? 0 : this.limits.flushMs;
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

  /** Whether what is next has nothing to wait for: it fills a hand-over, or nothing can join it any more. */
  private backlogged(): boolean {
    const head = oldestWaiting(this.segments);
    return head !== undefined && (head.closed || head.waitingLength >= this.limits.shipLength);
  }

  private pump(timeoutMs: number): Promise<void> {
    this.pumping ??= this.shipNext(timeoutMs).finally(() => {
      this.pumping = null;
      if (this.pendingCount > 0) this.schedule();
    });
    return this.pumping;
  }

  private async shipNext(timeoutMs: number): Promise<void> {
    const head = oldestWaiting(this.segments);
    if (head === undefined) return;
    const runs = await this.nextRuns(head);
    if (runs !== null) await this.shipRuns(head, runs, timeoutMs);
    this.trim();
  }

  /** What to ship next; null when it cannot be read. */
  private async nextRuns(head: Segment): Promise<readonly SpoolRun[] | null> {
    try {
      const expected = head.count;
      const runs = await head.peek(this.limits.shipLines, this.limits.shipLength);
      // Fewer after they were read back: the file has lost some. (More: some were appended meanwhile.)
      const missing = Math.max(0, expected - head.count);
      this.lost += missing;
      if (missing > 0)
        this.options.logger.error(`spool: ${missing} lines were dropped: they are gone from ${head.path}`);
      return runs;
    } catch (error) {
      if (passes(error)) this.failed('reading', error as Error);
      else await this.abandon(head, error);
      return null;
    }
  }

  private async abandon(segment: Segment, error: unknown): Promise<void> {
    const lines = segment.waiting;
    this.segments.splice(this.segments.indexOf(segment), 1);
    this.lost += lines;
    await setAside(segment.path, error, lines, this.options.logger);
    this.finish(segment);
  }

  private async shipRuns(head: Segment, runs: readonly SpoolRun[], timeoutMs: number): Promise<void> {
    try {
      const count = runs.reduce((sum, run) => sum + run.count, 0);
      const lines = runs.map((run) => run.text).join('');
      if (count > 0) await withDeadline(this.options.ship({ kind: head.kind, lines, count }), timeoutMs);
      head.acknowledge(runs);
      this.shipped += count;
      this.failures = 0;
      this.retryAt = 0;
    } catch (error) {
      this.failed('shipping', error as Error);
    }
  }

  private failed(what: 'reading' | 'shipping', error: Error): void {
    this.failures++;
    this.retryAt = Date.now() + backoffMs(this.failures);
    if (Number.isInteger(Math.log2(this.failures)))
      this.options.logger.warn(`spool: ${what} failed ${this.failures} times in a row: ${error.message}`);
  }

  /** Forgets and deletes segments that are shipped in full. */
  private trim(): void {
    const done = this.segments.filter((segment) => segment.closed && segment.waiting === 0);
    for (const segment of done) this.segments.splice(this.segments.indexOf(segment), 1);
    this.recount();
    if (this.memoryFull) this.evict();
    for (const segment of done) this.finish(segment);
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
    const pathFor = (kind: SpoolKind): string => this.owner.segmentPath(this.nextNumber++, kind);
    this.segments.unshift(...(await adoptOrphans(this.owner, pathFor, this.host, this.options.logger)));
    this.trim();
  }

  private async housekeep(): Promise<void> {
    const now = Date.now();
    let idle = false;
    for (const kind of SPOOL_KINDS) {
      const { count, waiting, createdAt } = this.current[kind];
      if (count === 0 || waiting > 0 || now - createdAt <= IDLE_ROTATE_MS) continue;
      this.rotate(kind);
      idle = true;
    }
    try {
      if (idle && this.pumping === null) this.trim();
      await this.keepHouse(now);
    } catch (error) {
      this.options.logger.warn(`spool: housekeeping failed: ${(error as Error).message}`);
    }
    if (this.pendingCount > 0 && this.timer === null && this.pumping === null) this.schedule();
  }

  private async keepHouse(now: number): Promise<void> {
    const { syncAfterMs } = this.limits;
    if (now - this.lastHeartbeat > HEARTBEAT_MS) {
      this.lastHeartbeat = now;
      await this.owner.heartbeat();
    }
    if (now - this.lastAdoption > ADOPT_EVERY_MS) await this.adopt();
    if (now - this.lastSync <= syncAfterMs) return;
    this.lastSync = now;
    await this.syncWaiting(now - syncAfterMs);
  }

  /** Pushes lines that wait to be shipped since before `since` to the disk. What is shipped needs no sync. */
  private async syncWaiting(since: number): Promise<void> {
    for (const segment of overdueForSync(this.segments, since)) {
      // A sync holds up writes to the same file, and answers wait for those: what comes now goes to another file.
      if (segment === this.current[segment.kind] && !segment.broken) this.rotate(segment.kind);
      await segment.sync();
    }
  }
}
