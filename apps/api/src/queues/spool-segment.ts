import { close, fdatasync, open, openSync, write, writeSync } from 'node:fs';
import { readFile, stat, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { cutRuns, withoutZeros } from './spool-run.js';
import type { SpoolRun } from './spool-run.js';

/** What spooled lines are; the queue's job name for them, and the ending of the segment's file. */
export const SPOOL_KINDS = ['decisions', 'events'] as const;
export type SpoolKind = (typeof SPOOL_KINDS)[number];

/** Lines read back from disk come in runs of this many. */
const RUN_LINES = 500;

const openFile = promisify(open);
const closeFile = promisify(close);
const syncFile = promisify(fdatasync);

/** As FileHandle.appendFile, for a third of its processor time. */
function writeAll(fd: number, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  return new Promise((resolve, reject) => {
    const next = (from: number): void =>
      write(fd, bytes, from, bytes.length - from, null, (error, written) => {
        if (error) reject(error);
        else if (from + written < bytes.length) next(from + written);
        else resolve();
      });
    next(0);
  });
}

/** One for all: a fresh one for every write costs more than the write. */
const scratch = Buffer.allocUnsafeSlow(1 << 18);

function writeAllNow(fd: number, text: string): void {
  // At most three bytes of UTF-8 for a UTF-16 unit.
  const fits = text.length * 3 <= scratch.length;
  const bytes = fits ? scratch.subarray(0, scratch.write(text)) : Buffer.from(text);
  for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from);
}

/** What a segment needs of its spool. */
export interface SegmentHost {
  /** Makes the name of a new file as durable as its content. */
  readonly syncDirectory: () => Promise<void>;
  /** Length of a run, in characters; a longer line is a run of its own. */
  readonly runLength: number;
}

/**
 * One file of the journal: an append-only list of lines of which the first `acked` are shipped. Lines stand in memory
 * until they are acknowledged or evicted; evicted ones are read back from the file.
 */
export class Segment {
  count = 0;
  acked = 0;
  /** Length of the lines; a stand-in for the memory and disk they take. */
  bytes = 0;
  closed = false;
  /** A write failed: what is here lives in memory only. */
  broken = false;
  /** Appended in this turn. */
  private open: string[] = [];
  private openCount = 0;
  private openLength = 0;
  private openedAt = 0;
  private runs: SpoolRun[] | null = [];
  private unwritten: string[] = [];
  private unwrittenCount = 0;
  /** Lines that stand in the file. */
  private stored = 0;
  private ackedLength = 0;
  private writing: Promise<void> | null = null;
  private waiters: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private midWrite = false;
  private syncs = 0;
  private fd: number | null = null;
  private dirty = false;
  /** The folder's entry for the file is durable. */
  private listed = false;

  constructor(
    readonly path: string,
    readonly kind: SpoolKind,
    readonly createdAt: number,
    private readonly host: SegmentHost,
  ) {}

  /** A segment that another process left behind; nothing of it is in memory. */
  static async adopt(path: string, kind: SpoolKind, host: SegmentHost): Promise<Segment> {
    const facts = await stat(path);
    const createdAt = Math.min(facts.birthtimeMs || facts.mtimeMs, facts.mtimeMs);
    const segment = new Segment(path, kind, createdAt, host);
    segment.bytes = facts.size;
    segment.closed = true;
    await segment.load();
    segment.stored = segment.count;
    segment.evict();
    return segment;
  }

  get waiting(): number {
    return this.count - this.acked;
  }

  /** Length of the lines that are not acknowledged; of an adopted segment their bytes. */
  get waitingLength(): number {
    return this.bytes - this.ackedLength;
  }

  /** Lines that are neither acknowledged nor in the file: lost with the process. */
  get unsaved(): number {
    return Math.max(0, this.count - Math.max(this.stored, this.acked));
  }

  /** Whether the file has something that may not be on the disk itself. */
  get unsynced(): boolean {
    return this.dirty && this.fd !== null;
  }

  get inMemory(): boolean {
    return this.runs !== null && this.runs.length > 0;
  }

  /** Whether everything stands in the file, so that memory may let go of it. */
  get persisted(): boolean {
    return !this.broken && this.open.length === 0 && this.unwritten.length === 0 && this.writing === null;
  }

  get oldestAt(): number {
    return this.runs?.[0]?.at ?? (this.open.length > 0 ? this.openedAt : this.createdAt);
  }

  /** @param lines each with its newline. */
  append(lines: string, count: number): void {
    this.bytes += lines.length;
    this.count += count;
    const { runLength } = this.host;
    if (this.openLength + lines.length > runLength) {
      this.seal();
      if (lines.length > runLength) {
        this.keepLong(lines);
        return;
      }
    }
    if (this.open.length === 0) this.openedAt = Date.now();
    this.open.push(lines);
    this.openCount += count;
    this.openLength += lines.length;
  }

  private keepLong(lines: string): void {
    for (const run of cutRuns(lines, Date.now(), { lines: RUN_LINES, characters: this.host.runLength }))
      this.keep(run);
  }

  private seal(): void {
    if (this.open.length === 0) return;
    this.keep({ text: this.open.join(''), count: this.openCount, at: this.openedAt });
    this.open = [];
    this.openCount = 0;
    this.openLength = 0;
  }

  private keep(run: SpoolRun): void {
    this.runs?.push(run);
    if (this.broken) return;
    this.unwritten.push(run.text);
    this.unwrittenCount += run.count;
  }

  /** Starts writing what is buffered, if nobody does; errors mark the segment broken. */
  flush(): void {
    this.seal();
    if (this.broken || (this.unwritten.length === 0 && this.waiters.length === 0)) return;
    this.writing ??= this.write();
  }

  /**
   * Whether a write or a sync is with the operating system. A second write beside the first could tear lines apart, and
   * one beside a sync waits for it, however fast the disk is.
   */
  get busy(): boolean {
    return this.midWrite || this.syncs > 0;
  }

  /**
   * Writes what is buffered before it returns: into the page cache, where it survives the end of the process, for a few
   * microseconds. Not to be called while `busy`. A disk that refuses marks the segment broken.
   */
  flushNow(): void {
    this.seal();
    if (this.broken || this.unwritten.length === 0) return;
    try {
      const count = this.unwrittenCount;
      this.fd ??= openSync(this.path, 'a', 0o600);
      writeAllNow(this.fd, this.takeUnwritten());
      this.stored += count;
      this.dirty = true;
    } catch {
      this.fail(new Error('the spool cannot write to its disk'));
    }
  }

  private fail(error: unknown): void {
    this.broken = true;
    this.unwritten = [];
    this.unwrittenCount = 0;
    for (const waiter of this.waiters) waiter.reject(error);
    this.waiters = [];
  }

  private takeUnwritten(): string {
    const text = this.unwritten.length === 1 ? (this.unwritten[0] as string) : this.unwritten.join('');
    this.unwritten = [];
    this.unwrittenCount = 0;
    return text;
  }

  /** Resolves when everything appended so far is on the disk itself. @throws the file system's error. */
  synced(): Promise<void> {
    if (this.broken) return Promise.reject(new Error('the spool cannot write to its disk'));
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.flush();
    });
  }

  private async write(): Promise<void> {
    // Lets the callers of this turn join; also, `writing` must be assigned before it is cleared below.
    await Promise.resolve();
    let waiters: typeof this.waiters = [];
    try {
      this.seal();
      while (this.unwritten.length > 0 || this.waiters.length > 0) {
        const count = this.unwrittenCount;
        const text = this.takeUnwritten();
        [waiters, this.waiters] = [this.waiters, []];
        // Opening counts as writing: a line written meanwhile would stand before these.
        this.midWrite = true;
        const fd = (this.fd ??= await openFile(this.path, 'a', 0o600));
        if (text.length > 0) {
          await writeAll(fd, text);
          this.stored += count;
          this.dirty = true;
        }
        this.midWrite = false;
        if (waiters.length > 0) {
          await this.syncFile(fd);
          if (!this.listed) await this.host.syncDirectory();
          this.listed = true;
          for (const waiter of waiters) waiter.resolve();
          waiters = [];
        }
        this.seal();
      }
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error);
      this.fail(error);
    } finally {
      // In the same turn as the check of the loop, so that no caller finds a writer that has already stopped.
      this.writing = null;
      this.midWrite = false;
    }
  }

  /** Hands written bytes to the disk, without a promise about when. */
  async sync(): Promise<void> {
    if (!this.dirty || this.fd === null) return;
    const { fd } = this;
    this.dirty = false;
    try {
      await this.syncFile(fd);
    } catch (error) {
      // The file was shipped and closed meanwhile.
      if (this.fd === fd) throw error;
    }
  }

  private async syncFile(fd: number): Promise<void> {
    this.syncs++;
    try {
      await syncFile(fd);
    } finally {
      this.syncs--;
    }
  }

  /** Lets go of the lines in memory. Only for closed, persisted segments. */
  evict(): void {
    this.runs = null;
  }

  /** Reads evicted lines back. */
  private async load(): Promise<void> {
    const text = withoutZeros(await readFile(this.path, 'utf8'));
    const bounds = { lines: RUN_LINES, characters: this.host.runLength };
    this.runs = cutRuns(text, this.createdAt, bounds, this.acked);
    this.count = this.runs.reduce((sum, run) => sum + run.count, this.acked);
  }

  /**
   * The next runs that are not acknowledged: as many as begin within `limit` lines and end within `length` characters,
   * and at least one.
   * @throws the file system's error when they must be read back and cannot be.
   */
  async peek(limit: number, length: number): Promise<readonly SpoolRun[]> {
    this.seal();
    if (this.runs === null) await this.load();
    const next: SpoolRun[] = [];
    let count = 0;
    let taken = 0;
    for (const run of this.runs ?? []) {
      taken += run.text.length;
      if (count >= limit || (count > 0 && taken > length)) break;
      next.push(run);
      count += run.count;
    }
    return next;
  }

  acknowledge(runs: readonly SpoolRun[]): void {
    for (const run of runs) {
      this.acked += run.count;
      this.ackedLength += run.text.length;
    }
    this.runs?.splice(0, runs.length);
  }

  /** Ends the file: deletes it when all is shipped, keeps it for the next process otherwise. */
  async finish(): Promise<void> {
    this.flush();
    await this.writing?.catch(() => undefined);
    const done = this.waiting === 0;
    if (!done) await this.sync().catch(() => undefined);
    if (this.fd !== null) await closeFile(this.fd).catch(() => undefined);
    this.fd = null;
    // A segment never written, or adopted by another process meanwhile, has no file here.
    if (done) await unlink(this.path).catch(() => undefined);
  }
}
