import { write } from 'node:fs';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** What a spooled record is; the queue's job name for it. */
export type SpoolKind = 'decisions' | 'events';

/** A record in its written form: one text lives shorter and costs less to keep than a graph of objects. */
export interface SpoolEntry {
  readonly kind: SpoolKind;
  /** JSON of the record. */
  readonly text: string;
  /** Unix milliseconds at which it was appended. */
  readonly at: number;
}

/** A line read back from disk, parsed only when its turn comes. */
type Pending = SpoolEntry | string;

const LINE = /^\{"k":"(decisions|events)","t":(\d{1,16}),"r":/;

const encodeLine = ({ kind, text, at }: SpoolEntry): string => `{"k":"${kind}","t":${at},"r":${text}}\n`;

/** @returns null for a line that is damaged. */
function decodeLine(line: string): SpoolEntry | null {
  const match = LINE.exec(line);
  if (!match || !line.endsWith('}')) return null;
  const text = line.slice(match[0].length, -1);
  try {
    const record: unknown = JSON.parse(text);
    return typeof record === 'object' && record !== null
      ? { kind: match[1] as SpoolKind, text, at: Number(match[2]) }
      : null;
  } catch {
    return null;
  }
}

/** As FileHandle.appendFile, for a third of its processor time: this runs hundreds of times a second. */
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

/**
 * One file of the journal: an append-only list of records of which the first `acked` are shipped. Records stand in
 * memory until they are acknowledged or evicted; evicted ones are read back from the file.
 */
export class Segment {
  count = 0;
  acked = 0;
  /** Length of the encoded records; a stand-in for the memory and disk they take. */
  bytes = 0;
  closed = false;
  /** A write failed: what is here lives in memory only. */
  broken = false;
  /** Lines that could not be read; the file is then set aside instead of deleted. */
  corrupt = 0;
  private pending: Pending[] | null = [];
  private unwritten: string[] = [];
  private writing: Promise<void> | null = null;
  private waiters: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private handle: FileHandle | null = null;
  private dirty = false;
  /** The folder's entry for the file is durable. */
  private listed = false;

  constructor(
    readonly path: string,
    readonly createdAt: number,
    private readonly syncDirectory: () => Promise<void>,
  ) {}

  /** A segment that another process left behind; nothing of it is in memory. */
  static async adopt(path: string, syncDirectory: () => Promise<void>): Promise<Segment> {
    const facts = await stat(path);
    const segment = new Segment(
      path,
      Math.min(facts.birthtimeMs || facts.mtimeMs, facts.mtimeMs),
      syncDirectory,
    );
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
    return this.pending !== null && this.pending.length > 0;
  }

  /** Whether everything stands in the file, so that memory may let go of it. */
  get persisted(): boolean {
    return !this.broken && this.unwritten.length === 0 && this.writing === null;
  }

  get oldestAt(): number {
    const first = this.pending?.[0];
    return first !== undefined && typeof first !== 'string' ? first.at : this.createdAt;
  }

  append(entry: SpoolEntry): void {
    const line = encodeLine(entry);
    this.pending?.push(entry);
    if (!this.broken) this.unwritten.push(line);
    this.bytes += line.length;
    this.count++;
  }

  /** Starts writing what is buffered, if nobody does; errors mark the segment broken. */
  flush(): void {
    if (this.broken || (this.unwritten.length === 0 && this.waiters.length === 0)) return;
    this.writing ??= this.write();
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
      while (this.unwritten.length > 0 || this.waiters.length > 0) {
        const text = this.unwritten.join('');
        this.unwritten = [];
        waiters = this.waiters;
        this.waiters = [];
        this.handle ??= await open(this.path, 'a', 0o600);
        if (text.length > 0) {
          await writeAll(this.handle.fd, text);
          this.dirty = true;
        }
        if (waiters.length > 0) {
          await this.handle.datasync();
          if (!this.listed) await this.syncDirectory();
          this.listed = true;
          for (const waiter of waiters) waiter.resolve();
          waiters = [];
        }
      }
    } catch (error) {
      this.broken = true;
      this.unwritten = [];
      for (const waiter of [...waiters, ...this.waiters]) waiter.reject(error);
      this.waiters = [];
    } finally {
      // In the same turn as the check of the loop, so that no caller finds a writer that has already stopped.
      this.writing = null;
    }
  }

  /** Hands written bytes to the disk, without a promise about when. */
  async sync(): Promise<void> {
    if (!this.dirty || this.handle === null) return;
    this.dirty = false;
    await this.handle.datasync();
  }

  /** Lets go of the records in memory. Only for closed, persisted segments. */
  evict(): void {
    this.pending = null;
  }

  /** Reads evicted records back. A torn last line, left by a crash, is dropped; other bad lines are counted. */
  private async load(): Promise<void> {
    const text = await readFile(this.path, 'utf8');
    const lines = text.split('\n');
    const tail = lines.pop() ?? '';
    if (tail !== '' && decodeLine(tail) !== null) lines.push(tail);
    this.count = Math.max(lines.length, this.acked);
    this.pending = lines.slice(this.acked);
  }

  /** Up to `limit` records that are not acknowledged; null stands for a line that could not be read. */
  async peek(limit: number): Promise<readonly (SpoolEntry | null)[]> {
    if (this.pending === null) await this.load();
    const pending = this.pending ?? [];
    const entries: (SpoolEntry | null)[] = [];
    for (let i = 0; i < pending.length && i < limit; i++) {
      const item = pending[i] as Pending;
      const entry = typeof item === 'string' ? decodeLine(item) : item;
      if (entry !== null) pending[i] = entry;
      entries.push(entry);
    }
    return entries;
  }

  acknowledge(entries: readonly (SpoolEntry | null)[]): void {
    this.acked += entries.length;
    this.pending?.splice(0, entries.length);
    for (const entry of entries) if (entry === null) this.corrupt++;
  }

  /** Ends the file: deletes it when all is shipped, keeps it for the next process otherwise. */
  async finish(): Promise<void> {
    await this.writing?.catch(() => undefined);
    const done = this.waiting === 0;
    if (!done) await this.sync().catch(() => undefined);
    await this.handle?.close().catch(() => undefined);
    this.handle = null;
    if (!done) return;
    const removal = this.corrupt > 0 ? rename(this.path, `${this.path}.corrupt`) : unlink(this.path);
    // A segment never written, or adopted by another process meanwhile, has no file here.
    await removal.catch(() => undefined);
  }
}
