import { close, fdatasync, openSync, write, writeSync } from 'node:fs';
import { readFile, stat, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What spooled lines are; the queue's job name for them, and the ending of the segment's file. */
export const SPOOL_KINDS = ['decisions', 'events'] as const;
export type SpoolKind = (typeof SPOOL_KINDS)[number];

/** Lines that were appended in one turn of the event loop: one text lives shorter than many. */
export interface SpoolRun {
  /** Each line with its newline. */
  readonly text: string;
  readonly count: number;
  /** Unix milliseconds at which the first was appended. */
  readonly at: number;
}

/** Lines read back from disk come in runs of this many. */
const RUN_LINES = 500;

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
  private openedAt = 0;
  private runs: SpoolRun[] | null = [];
  private unwritten: string[] = [];
  private writing: Promise<void> | null = null;
  private waiters: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private midWrite = false;
  private fd: number | null = null;
  private dirty = false;
  /** The folder's entry for the file is durable. */
  private listed = false;

  constructor(
    readonly path: string,
    readonly kind: SpoolKind,
    readonly createdAt: number,
    private readonly syncDirectory: () => Promise<void>,
  ) {}

  /** A segment that another process left behind; nothing of it is in memory. */
  static async adopt(path: string, kind: SpoolKind, syncDirectory: () => Promise<void>): Promise<Segment> {
    const facts = await stat(path);
    const createdAt = Math.min(facts.birthtimeMs || facts.mtimeMs, facts.mtimeMs);
    const segment = new Segment(path, kind, createdAt, syncDirectory);
    segment.bytes = facts.size;
    segment.closed = true;
    await segment.load();
    segment.evict();
    return segment;
  }

  get waiting(): number {
    return this.count - this.acked;
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
    if (this.open.length === 0) this.openedAt = Date.now();
    this.open.push(lines);
    this.openCount += count;
    this.bytes += lines.length;
    this.count += count;
  }

  private seal(): void {
    if (this.open.length === 0) return;
    const run = { text: this.open.join(''), count: this.openCount, at: this.openedAt };
    this.open = [];
    this.openCount = 0;
    this.runs?.push(run);
    if (!this.broken) this.unwritten.push(run.text);
  }

  /** Starts writing what is buffered, if nobody does; errors mark the segment broken. */
  flush(): void {
    this.seal();
    if (this.broken || (this.unwritten.length === 0 && this.waiters.length === 0)) return;
    this.writing ??= this.write();
  }

  /** Whether a write is with the operating system: a second one beside it could tear lines apart. */
  get writes(): boolean {
    return this.midWrite;
  }

  /**
   * Writes what is buffered before it returns: into the page cache, where it survives the end of the process, for a few
   * microseconds. Not to be called while `writes`. A disk that refuses marks the segment broken.
   */
  flushNow(): void {
    this.seal();
    if (this.broken || this.unwritten.length === 0) return;
    try {
      writeAllNow(this.openFile(), this.takeUnwritten());
      this.dirty = true;
    } catch {
      this.fail(new Error('the spool cannot write to its disk'));
    }
  }

  private fail(error: unknown): void {
    this.broken = true;
    this.unwritten = [];
    for (const waiter of this.waiters) waiter.reject(error);
    this.waiters = [];
  }

  private takeUnwritten(): string {
    const text = this.unwritten.length === 1 ? (this.unwritten[0] as string) : this.unwritten.join('');
    this.unwritten = [];
    return text;
  }

  private openFile(): number {
    return (this.fd ??= openSync(this.path, 'a', 0o600));
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
        const text = this.takeUnwritten();
        [waiters, this.waiters] = [this.waiters, []];
        const fd = this.openFile();
        if (text.length > 0) {
          this.midWrite = true;
          await writeAll(fd, text);
          this.midWrite = false;
          this.dirty = true;
        }
        if (waiters.length > 0) {
          await syncFile(fd);
          if (!this.listed) await this.syncDirectory();
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
    this.dirty = false;
    await syncFile(this.fd);
  }

  /** Lets go of the lines in memory. Only for closed, persisted segments. */
  evict(): void {
    this.runs = null;
  }

  /** Reads evicted lines back. A torn last line, left by a crash, is dropped: nobody was told that it is safe. */
  private async load(): Promise<void> {
    const text = await readFile(this.path, 'utf8');
    const runs: SpoolRun[] = [];
    let count = 0;
    let from = 0;
    for (let end = text.indexOf('\n') + 1; end > 0; end = text.indexOf('\n', end) + 1) {
      count++;
      const lines = count - this.acked;
      if (lines === 0) from = end;
      if (lines > 0 && lines % RUN_LINES === 0) {
        runs.push({ text: text.slice(from, end), count: RUN_LINES, at: this.createdAt });
        from = end;
      }
    }
    const left = Math.max(0, count - this.acked) % RUN_LINES;
    if (left > 0)
      runs.push({ text: text.slice(from, text.lastIndexOf('\n') + 1), count: left, at: this.createdAt });
    this.count = Math.max(count, this.acked);
    this.runs = runs;
  }

  /** The next runs that are not acknowledged, as many as begin within `limit` lines. */
  async peek(limit: number): Promise<readonly SpoolRun[]> {
    this.seal();
    if (this.runs === null) await this.load();
    const next: SpoolRun[] = [];
    let count = 0;
    for (const run of this.runs ?? []) {
      if (count >= limit) break;
      next.push(run);
      count += run.count;
    }
    return next;
  }

  acknowledge(runs: readonly SpoolRun[]): void {
    for (const run of runs) this.acked += run.count;
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
