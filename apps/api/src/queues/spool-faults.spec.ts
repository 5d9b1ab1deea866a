import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Spool } from './spool.js';
import type { SpoolBatch, SpoolKind, SpoolLimits } from './spool.js';
import {
  append,
  collector,
  linesOf,
  listener,
  numbers,
  parsed,
  rowsIn,
  segmentsIn,
  turn,
  until,
  upTo,
} from './testing.js';

const down = (): Promise<void> => Promise.reject(new Error('down'));

describe('spool: files and disks that fail', () => {
  let directory: string;
  let log: ReturnType<typeof listener>;
  const opened: Spool[] = [];
  const pipes: string[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'marquee-spool-'));
    log = listener();
  });
  afterEach(async () => {
    for (const pipe of pipes.splice(0)) readFrom(pipe);
    for (const spool of opened.splice(0)) await spool.close(50);
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(
    ship: (batch: SpoolBatch) => Promise<void>,
    limits: Partial<SpoolLimits> = {},
    name = 'test',
  ): Promise<Spool> {
    const spool = new Spool({ directory, name, ship, logger: log, limits: { flushMs: 5, ...limits } });
    opened.push(spool);
    await spool.start();
    return spool;
  }
  /** Where the only spool of the folder will write its segment of this number. */
  function segmentPath(number: number, kind: SpoolKind): string {
    const lock = readdirSync(directory).find((file) => file.endsWith('.lock')) as string;
    return join(directory, `${lock.slice(0, -'.lock'.length)}-${String(number).padStart(8, '0')}.${kind}`);
  }
  /** A file whose disk hangs: opening a pipe for writing waits for a reader. */
  function hang(path: string): void {
    execFileSync('mkfifo', [path]);
    pipes.push(path);
  }
  function readFrom(pipe: string): void {
    // Its writer, if there is one, is let go; the pipe may be shipped and deleted by now.
    if (existsSync(pipe)) closeSync(openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK));
  }

  describe('a disk that hangs', () => {
    const slow = { slowWriteMs: -1, slowRestMs: 60_000 };

    it('holds up neither answers nor shipping, also while a file is opened on it', async () => {
      const queue = collector();
      const spool = await start(queue.ship, slow);
      append(spool, 'events', [{ n: 0 }]);
      await turn();
      await turn();
      hang(segmentPath(1, 'decisions'));
      let told = 0;
      spool.append('decisions', linesOf([{ n: 1 }]), 1, () => told++);
      await until(() => told === 1);
      await until(() => queue.rows.length === 2);
    });

    it('is not waited for when its segment is done with, nor for ever at the end', async () => {
      const queue = collector();
      const spool = await start(queue.ship, { ...slow, segmentBytes: 1 });
      append(spool, 'events', [{ n: 0 }]);
      await turn();
      await turn();
      hang(segmentPath(1, 'decisions'));
      for (let n = 1; n <= 5; n++) {
        append(spool, 'decisions', [{ n }]);
        await until(() => queue.rows.length === n + 1);
      }
      const begun = Date.now();
      await spool.close(50);
      expect(Date.now() - begun).toBeLessThan(4000);
      expect(spool.status()).toMatchObject({ shipped: 6, dropped: 0 });
    });
  });

  describe('a file that cannot be read', () => {
    it('is set aside when it is adopted, and the others are shipped', async () => {
      writeFileSync(join(directory, 'api-999999-aa-00000001.events'), linesOf([{ n: 1 }]));
      mkdirSync(join(directory, 'api-999999-aa-00000002.decisions'));
      writeFileSync(join(directory, 'api-999999-aa-00000003.events'), linesOf([{ n: 2 }]));
      const queue = collector();
      await start(queue.ship);
      await until(() => queue.rows.length === 2);
      expect(numbers(queue.rows)).toEqual([1, 2]);
      expect(readdirSync(directory).filter((file) => file.endsWith('.corrupt'))).toHaveLength(1);
      expect(log.errors).toEqual([
        expect.stringMatching(/cannot be read .*\.decisions\.corrupt; an unknown/),
      ]);
    });

    it('is set aside and its lines counted as dropped when its turn comes to be shipped', async () => {
      const queue = collector();
      let away = true;
      const spool = await start((batch) => (away ? down() : queue.ship(batch)), {
        segmentBytes: 100,
        memoryBytes: 100,
      });
      for (let n = 0; n < 40; n++) {
        append(spool, 'decisions', [{ n, pad: 'x'.repeat(20) }]);
        await turn();
      }
      const [first, second] = segmentsIn(directory).slice(1);
      const lost = numbers(rowsIn(directory, second as string));
      const kept = numbers(upTo(40)).filter((n) => !lost.includes(n));
      rmSync(join(directory, second as string));
      mkdirSync(join(directory, second as string));
      away = false;
      await until(() => spool.status().pending === 0);
      expect(first).not.toBe(second);
      expect(numbers(queue.rows)).toEqual(kept);
      expect(spool.status()).toMatchObject({ dropped: lost.length, failures: 0 });
      expect(readdirSync(directory)).toContain(`${second}.corrupt`);
      expect(log.errors).toEqual([expect.stringContaining(`${lost.length} lines were dropped`)]);
    });

    it('in places, where a loss of power left zeros, gives lines that are refused and do not keep the others', async () => {
      const lines = `one\ta\n${'\0'.repeat(4096)}b\tc\nthree\td\n\0\0`;
      writeFileSync(join(directory, 'api-999999-aa-00000001.decisions'), lines);
      const shipped: string[] = [];
      await start(async (batch) => void shipped.push(batch.lines));
      await until(() => shipped.length > 0);
      expect(shipped).toEqual(['one\ta\n\ufffdb\ufffdc\nthree\td\n']);
    });

    it('that has lost lines gives the others, and the lost ones are counted', async () => {
      const queue = collector();
      let away = true;
      const spool = await start((batch) => (away ? down() : queue.ship(batch)), {
        segmentBytes: 100,
        memoryBytes: 100,
      });
      for (let n = 0; n < 40; n++) {
        append(spool, 'decisions', [{ n, pad: 'x'.repeat(20) }]);
        await turn();
      }
      const file = segmentsIn(directory)[2] as string;
      const [first, ...lost] = rowsIn(directory, file);
      writeFileSync(join(directory, file), linesOf([first]));
      away = false;
      await until(() => spool.status().pending === 0);
      expect(lost.length).toBeGreaterThan(0);
      expect(queue.rows).toHaveLength(40 - lost.length);
      expect(spool.status().dropped).toBe(lost.length);
    });
  });

  it('adopts what it can when one file cannot be renamed, and leaves that one as it is', async () => {
    writeFileSync(join(directory, 'api-999999-aa-00000001.events'), linesOf([{ n: 1 }]));
    writeFileSync(join(directory, 'api-999999-aa-00000002.decisions'), linesOf([{ n: 2 }]));
    writeFileSync(join(directory, 'api-999999-aa-00000003.events'), linesOf([{ n: 3 }]));
    // So long that the names of its files of events fit a file system's 255 characters, and those of decisions do not.
    const name = 'x'.repeat(255 - '-00000001.events'.length - `-${process.pid}-aabbccdd`.length);
    const queue = collector();
    await start(queue.ship, {}, name);
    await until(() => queue.rows.length === 2);
    expect(numbers(queue.rows)).toEqual([1, 3]);
    expect(readdirSync(directory)).toContain('api-999999-aa-00000002.decisions');
    expect(log.errors).toEqual([
      expect.stringMatching(/api-999999-aa-00000002\.decisions cannot be adopted.*ENAMETOOLONG/),
    ]);
  });

  it('counts at its end what is neither shipped nor on disk', async () => {
    const spool = await start(down);
    append(spool, 'events', upTo(2));
    await turn();
    await turn();
    rmSync(directory, { recursive: true });
    append(spool, 'decisions', upTo(7));
    await spool.close(50);
    expect(spool.status().dropped).toBe(7);
    expect(log.errors).toEqual([expect.stringContaining('7 lines were dropped')]);
  });

  it('counts nothing as dropped at its end that the next process finds', async () => {
    const spool = await start(down);
    append(spool, 'decisions', upTo(7));
    await spool.close(50);
    expect(spool.status().dropped).toBe(0);
    expect(log.errors).toEqual([]);
    const queue = collector();
    await start(queue.ship);
    await until(() => queue.rows.length === 7);
  });

  it('syncs what waits for the queue in a file that nothing is written to any more', async () => {
    const spool = await start(down, { syncAfterMs: 100 });
    append(spool, 'decisions', upTo(3));
    await until(() => {
      append(spool, 'decisions', [{ n: 3 }]);
      return segmentsIn(directory).length > 1;
    });
    const [first] = segmentsIn(directory);
    const synced = rowsIn(directory, first as string);
    append(spool, 'decisions', [{ n: 4 }]);
    await turn();
    await turn();
    expect(numbers(synced).slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(rowsIn(directory, first as string)).toEqual(synced);
    expect(log.warnings.filter((warning) => warning.includes('a write took'))).toEqual([]);
  });

  it('names once the files that an older version left', async () => {
    for (const file of ['api-2.jsonl', 'api-1.jsonl']) writeFileSync(join(directory, file), '{}\n');
    const queue = collector();
    await start(queue.ship);
    await sleep(50);
    expect(log.warnings).toEqual([expect.stringContaining('api-1.jsonl, api-2.jsonl')]);
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(['api-1.jsonl', 'api-2.jsonl']));
    expect(queue.rows).toEqual([]);
  });

  describe('long lines', () => {
    const MEGABYTE = 1 << 20;
    const shipped = (batches: readonly SpoolBatch[]): number[] =>
      batches.flatMap(({ lines }) => numbers(parsed(lines)));

    it.each([
      ['of one turn', { appends: 50, perAppend: 1, size: 100_000, turns: false }],
      ['of many turns', { appends: 50, perAppend: 10, size: 10_000, turns: true }],
      ['of one request', { appends: 1, perAppend: 50, size: 100_000, turns: false }],
    ])('%s go over in batches of about a megabyte', async (_name, { appends, perAppend, size, turns }) => {
      const queue = collector();
      const spool = await start(queue.ship);
      const pad = 'x'.repeat(size);
      const count = appends * perAppend;
      for (let n = 0; n < count; n += perAppend) {
        append(
          spool,
          'decisions',
          Array.from({ length: perAppend }, (_, i) => ({ n: n + i, pad })),
        );
        if (turns) await turn();
      }
      await until(() => spool.status().pending === 0);
      expect(shipped(queue.batches)).toEqual(numbers(upTo(count)));
      for (const { lines } of queue.batches) expect(lines.length).toBeLessThanOrEqual(MEGABYTE);
      expect(queue.batches.length).toBeLessThan(count);
    });

    it('read back from disk do so as well, and one that is longer goes over alone', async () => {
      const rows = upTo(40, 'x'.repeat(100_000));
      rows[20] = { n: 20, pad: 'x'.repeat(2_000_000) };
      writeFileSync(join(directory, 'api-999999-aa-00000001.decisions'), linesOf(rows));
      const queue = collector();
      const spool = await start(queue.ship);
      await until(() => queue.rows.length === 40 && spool.status().pending === 0);
      expect(shipped(queue.batches)).toEqual(numbers(upTo(40)));
      const long = queue.batches.filter(({ lines }) => lines.length > MEGABYTE);
      expect(long.map(({ count }) => count)).toEqual([1]);
    });
  });
});
