import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lines written between two turns of the event loop, so that a large save delays no request. */
const LINES_PER_TURN = 500;

/**
 * Last-known-good copies on local disk: a header line with the SHA-256 of the rest and the time of saving, then one
 * JSON value per line. Written to a temporary name and renamed, so a reader sees a whole copy or none.
 */
export class DiskCache {
  /** Two saves of one name may overlap: each writes a file of its own. */
  private saves = 0;

  constructor(private readonly directory: string) {}

  /** @throws the file system's error; serving goes on without a copy. */
  async save(name: string, lines: Iterable<unknown>, savedAt: number): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    const chunks: string[] = [];
    let chunk = '';
    let count = 0;
    for (const line of lines) {
      chunk += `${JSON.stringify(line)}\n`;
      if (++count % LINES_PER_TURN !== 0) continue;
      hash.update(chunk);
      chunks.push(chunk);
      chunk = '';
      await nextTurn();
    }
    hash.update(chunk);
    chunks.push(chunk);
    const temporary = this.path(`${name}.${process.pid}.${++this.saves}.tmp`);
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.appendFile(`${JSON.stringify({ sha256: hash.digest('hex'), savedAt })}\n`);
      for (const part of chunks) await file.appendFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path(name)).catch(async (error: unknown) => {
      await unlink(temporary).catch(() => undefined);
      throw error;
    });
  }

  /** @returns null where there is no copy or it fails its checksum. */
  async load(name: string): Promise<{ readonly lines: readonly unknown[]; readonly savedAt: number } | null> {
    try {
      const text = await readFile(this.path(name), 'utf8');
      const end = text.indexOf('\n');
      const header = JSON.parse(text.slice(0, end)) as { sha256?: unknown; savedAt?: unknown };
      const body = text.slice(end + 1);
      const digest = createHash('sha256').update(body).digest('hex');
      if (digest !== header.sha256 || typeof header.savedAt !== 'number') return null;
      const lines = body
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown);
      return { lines, savedAt: header.savedAt };
    } catch {
      return null;
    }
  }

  private path(name: string): string {
    return join(this.directory, encodeURIComponent(name));
  }
}
