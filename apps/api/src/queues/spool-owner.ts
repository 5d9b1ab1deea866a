import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SpoolKind } from './spool-segment.js';

/** A lock whose owner cannot be asked (another host, no /proc) is stale after this long without a heartbeat. */
const STALE_AFTER_MS = 30_000;
const SEGMENT = /^(.+)-\d+\.(decisions|events)$/;

interface Lock {
  readonly pid: number;
  readonly host: string;
  readonly started: string | null;
}

/** When a process started, in clock ticks since boot (Linux); tells a re-used pid from the process that had it. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Who may touch which segment. Every spool has an owner name of its own and a lock file beside its segments; the
 * segments of an owner that is gone are free to be adopted by anyone (by rename, which only one can win).
 */
export class SpoolOwner {
  readonly id: string;
  private readonly lockPath: string;

  constructor(
    private readonly directory: string,
    name: string,
  ) {
    this.id = `${name}-${process.pid}-${randomBytes(4).toString('hex')}`;
    this.lockPath = join(directory, `${this.id}.lock`);
  }

  /** Creates the folder and the lock. */
  async claim(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const lock: Lock = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
    await writeFile(this.lockPath, JSON.stringify(lock), { mode: 0o600 });
  }

  segmentPath(number: number, kind: SpoolKind): string {
    return join(this.directory, `${this.id}-${String(number).padStart(8, '0')}.${kind}`);
  }

  /** Makes the name of a new file as durable as its content. */
  async syncDirectory(): Promise<void> {
    const directory = await open(this.directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  /** Files of a format that earlier versions wrote and nobody reads any more. */
  async outdated(): Promise<string[]> {
    return (await readdir(this.directory)).filter((file) => file.endsWith('.jsonl')).sort();
  }

  async heartbeat(): Promise<void> {
    const now = new Date();
    await utimes(this.lockPath, now, now).catch(() => this.claim());
  }

  async release(): Promise<void> {
    await unlink(this.lockPath).catch(() => undefined);
  }

  /** Segments whose owners are gone, oldest first by name; also removes their locks. */
  async orphans(): Promise<{ path: string; kind: SpoolKind }[]> {
    const files = await readdir(this.directory);
    const alive = new Map<string, boolean>();
    const orphaned: { path: string; kind: SpoolKind }[] = [];
    for (const file of files.sort()) {
      const [, owner, kind] = SEGMENT.exec(file) ?? [];
      if (owner === undefined || owner === this.id) continue;
      let answer = alive.get(owner);
      if (answer === undefined) {
        answer = await this.ownerLives(owner);
        alive.set(owner, answer);
      }
      if (!answer) orphaned.push({ path: join(this.directory, file), kind: kind as SpoolKind });
    }
    for (const file of files) {
      const owner = file.endsWith('.lock') ? file.slice(0, -'.lock'.length) : this.id;
      if (owner !== this.id && !(await this.ownerLives(owner)))
        await unlink(join(this.directory, file)).catch(() => undefined);
    }
    return orphaned;
  }

  private async ownerLives(owner: string): Promise<boolean> {
    const path = join(this.directory, `${owner}.lock`);
    try {
      const lock = JSON.parse(await readFile(path, 'utf8')) as Partial<Lock>;
      const { mtimeMs } = await stat(path);
      const recent = Date.now() - mtimeMs < STALE_AFTER_MS;
      if (lock.host !== hostname() || typeof lock.pid !== 'number') return recent;
      if (!exists(lock.pid)) return false;
      const started = startOf(lock.pid);
      return started === null || lock.started === null ? recent : started === lock.started;
    } catch {
      return false;
    }
  }
}
