import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { transformFileSync } from '@swc/core';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Spool } from './spool.js';
import type { SpoolBatch, SpoolKind, SpoolLimits } from './spool.js';
import { append, collector, linesOf, numbers, parsed, segmentsIn, turn, until, upTo } from './testing.js';
import type { Row } from './testing.js';

const quiet = { warn: () => undefined, error: () => undefined };
const HERE = join(process.cwd(), 'apps/api/src/queues');

describe('spool', () => {
  let directory: string;
  const opened: Spool[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'marquee-spool-'));
  });
  afterEach(async () => {
    for (const spool of opened.splice(0)) await spool.close(50);
    rmSync(directory, { recursive: true, force: true });
  });

  function create(ship: (batch: SpoolBatch) => Promise<void>, limits: Partial<SpoolLimits> = {}): Spool {
    const spool = new Spool({
      directory,
      name: 'test',
      ship,
      logger: quiet,
      limits: { flushMs: 5, ...limits },
    });
    opened.push(spool);
    return spool;
  }
  const appendDurable = (spool: Spool, kind: SpoolKind, rows: readonly Row[]): Promise<void> =>
    spool.appendDurable(kind, linesOf(rows), rows.length);
  const segments = (): string[] => segmentsIn(directory);

  it('ships each kind in order, in batches of about a size, and leaves no file behind', async () => {
    const queue = collector();
    const spool = create(queue.ship, { shipLines: 100 });
    await spool.start();
    for (let n = 0; n < 450; n += 50) {
      append(
        spool,
        'decisions',
        upTo(50).map((row) => ({ n: n + row.n })),
      );
      append(spool, 'events', [{ n: 1000 + n }]);
      await turn();
    }
    await until(() => spool.status().pending === 0);
    const of = (kind: SpoolKind): SpoolBatch[] => queue.batches.filter((batch) => batch.kind === kind);
    const shipped = (kind: SpoolKind): number[] => of(kind).flatMap((batch) => numbers(parsed(batch.lines)));
    expect(shipped('decisions')).toEqual(Array.from({ length: 450 }, (_, n) => n));
    expect(shipped('events')).toEqual(Array.from({ length: 9 }, (_, i) => 1000 + i * 50));
    for (const { count, lines } of queue.batches) expect(parsed(lines)).toHaveLength(count);
    for (const { count } of of('decisions')) expect(count).toBeLessThanOrEqual(100);
    await spool.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('hands many lines over at once and a lone one within the flush time', async () => {
    const queue = collector();
    const spool = create(queue.ship, { flushMs: 150, shipLines: 10 });
    await spool.start();
    const begun = Date.now();
    append(spool, 'decisions', [{ n: 0 }]);
    await until(() => queue.rows.length === 1);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(145);
    await spool.close();
    // Waiting for the flush time would take an hour.
    const patient = create(queue.ship, { flushMs: 3_600_000, shipLines: 10 });
    await patient.start();
    append(patient, 'decisions', upTo(10));
    await until(() => queue.rows.length === 11);
  });

  it('lets no kind starve another', async () => {
    const queue = collector();
    let shipping = true;
    const spool = create(
      async (batch) => {
        await sleep(2);
        await queue.ship(batch);
        if (shipping) append(spool, 'decisions', upTo(20));
      },
      { shipLines: 20 },
    );
    await spool.start();
    append(spool, 'decisions', upTo(20));
    await turn();
    append(spool, 'events', [{ n: 7 }]);
    await until(() => queue.batches.some(({ kind }) => kind === 'events'));
    shipping = false;
  });

  it('tells once the lines of a turn stand in the file, before anything is shipped', async () => {
    const spool = create(() => Promise.reject(new Error('down')));
    await spool.start();
    const told: number[] = [];
    for (let n = 0; n < 3; n++) spool.append('decisions', linesOf([{ n }]), 1, () => told.push(n));
    expect(told).toEqual([]);
    await turn();
    await turn();
    expect(told).toEqual([0, 1, 2]);
    const [file] = segments();
    expect(numbers(parsed(readFileSync(join(directory, file as string), 'utf8')))).toEqual([0, 1, 2]);
  });

  it('tells as well when the disk refuses or is full, so that answers go on', async () => {
    const spool = create(() => Promise.reject(new Error('down')), { segmentBytes: 10, diskBytes: 100 });
    await spool.start();
    rmSync(directory, { recursive: true, force: true });
    let told = 0;
    for (let n = 0; n < 30; n++) spool.append('decisions', linesOf([{ n }]), 1, () => told++);
    await until(() => told === 30);
    expect(spool.status().dropped).toBeGreaterThan(10);
    mkdirSync(directory, { recursive: true });
  });

  it('survives an outage of the queue: keeps, reports, backs off, then delivers all of it', async () => {
    const queue = collector();
    let down = true;
    let attempts = 0;
    const spool = create(async (batches) => {
      attempts++;
      if (down) throw new Error('connection refused');
      await queue.ship(batches);
    });
    await spool.start();
    append(spool, 'decisions', upTo(1200));
    await sleep(300);
    const during = spool.status();
    expect(during.pending).toBe(1200);
    expect(during.failures).toBeGreaterThan(0);
    expect(during.oldestAgeSeconds).toBeGreaterThan(0.2);
    expect(attempts).toBeLessThan(8);
    down = false;
    await until(() => spool.status().pending === 0);
    expect(numbers(queue.rows)).toEqual(upTo(1200).map((row) => row.n));
    expect(spool.status()).toMatchObject({ failures: 0, dropped: 0, shipped: 1200, oldestAgeSeconds: 0 });
  });

  it('counts a hand-over that never answers as failed, and repeats it', async () => {
    const queue = collector();
    let hang = true;
    const spool = create((batches) => (hang ? new Promise(() => undefined) : queue.ship(batches)), {
      shipTimeoutMs: 40,
    });
    await spool.start();
    append(spool, 'decisions', upTo(3));
    await until(() => spool.status().failures > 0);
    hang = false;
    await until(() => spool.status().pending === 0);
    expect(numbers(queue.rows)).toEqual([0, 1, 2]);
  });

  it('keeps memory bounded: what does not fit is read back from disk, in order', async () => {
    const queue = collector();
    let down = true;
    const spool = create(
      async (batches) => {
        if (down) throw new Error('down');
        await queue.ship(batches);
      },
      { segmentBytes: 20_000, memoryBytes: 60_000 },
    );
    await spool.start();
    for (let i = 0; i < 100; i++) {
      append(
        spool,
        'decisions',
        upTo(20, 'x'.repeat(100)).map((row) => ({ ...row, n: i * 20 + row.n })),
      );
      await sleep(1);
    }
    expect(spool.status().bytes).toBeGreaterThan(200_000);
    expect(segments().length).toBeGreaterThan(10);
    down = false;
    await until(() => spool.status().pending === 0);
    expect(numbers(queue.rows)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(spool.status().dropped).toBe(0);
    await until(() => segments().length <= 1);
  });

  it('refuses beyond its share of the disk, counting, without throwing', async () => {
    const spool = create(() => Promise.reject(new Error('down')), { segmentBytes: 1000, diskBytes: 10_000 });
    await spool.start();
    expect(() => {
      for (const row of upTo(500, 'x'.repeat(50))) append(spool, 'decisions', [row]);
    }).not.toThrow();
    const { dropped, pending } = spool.status();
    expect(dropped).toBeGreaterThan(300);
    expect(dropped + pending).toBe(500);
    await expect(appendDurable(spool, 'events', [{ n: 1 }])).rejects.toThrow('full');
  });

  it('appendDurable resolves once the records are in the file', async () => {
    const spool = create(() => Promise.reject(new Error('down')));
    await spool.start();
    await Promise.all([appendDurable(spool, 'events', upTo(3)), appendDurable(spool, 'events', [{ n: 3 }])]);
    const source = segments();
    expect(source).toHaveLength(1);
    expect(numbers(parsed(readFileSync(join(directory, source[0] as string), 'utf8')))).toEqual([0, 1, 2, 3]);
  });

  it('appendDurable fails, and append goes on in memory, when the disk refuses', async () => {
    const queue = collector();
    let down = true;
    const spool = create(async (batches) => {
      if (down) throw new Error('down');
      await queue.ship(batches);
    });
    await spool.start();
    rmSync(directory, { recursive: true, force: true });
    await expect(appendDurable(spool, 'events', [{ n: 0 }])).rejects.toThrow();
    append(spool, 'decisions', [{ n: 1 }]);
    down = false;
    await until(() => queue.rows.length === 2);
    mkdirSync(directory, { recursive: true });
  });

  it('answers go on while a write to the disk hangs, and lines keep their order', async () => {
    const spool = create(() => Promise.reject(new Error('down')), { slowWriteMs: -1, slowRestMs: 60_000 });
    await spool.start();
    const told: number[] = [];
    for (let n = 0; n < 5; n++) {
      // The first write counts as slow; the others go beside the answers.
      spool.append('decisions', linesOf([{ n }]), 1, () => told.push(n));
      await turn();
      await turn();
      expect(told).toHaveLength(n + 1);
    }
    const written = (): number[] =>
      segments().flatMap((file) => numbers(parsed(readFileSync(join(directory, file), 'utf8'))));
    await until(() => written().length === 5);
    expect(written()).toEqual([0, 1, 2, 3, 4]);
  });

  it('adopts what a process that is gone left, without a torn last line', async () => {
    writeFileSync(
      join(directory, 'api-999999-aa-00000001.events'),
      linesOf([{ n: 1 }, { n: 2 }, { n: 3 }]).slice(0, -4),
    );
    writeFileSync(
      join(directory, 'api-999999-aa.lock'),
      JSON.stringify({ pid: 2 ** 22 + 1, host: 'elsewhere', started: null }),
    );
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(directory, 'api-999999-aa.lock'), old, old);
    writeFileSync(join(directory, 'api-999998-bb-00000007.decisions'), linesOf(upTo(1234)));
    const queue = collector();
    const spool = create(queue.ship);
    await spool.start();
    await until(() => queue.rows.length === 1236 && spool.status().pending === 0);
    const of = (kind: SpoolKind): Row[] =>
      queue.batches.filter((batch) => batch.kind === kind).flatMap((batch) => parsed(batch.lines));
    expect(numbers(of('events'))).toEqual([1, 2]);
    expect(numbers(of('decisions'))).toEqual(numbers(upTo(1234)));
    await until(() => segments().length === 0);
    expect(readdirSync(directory).filter((file) => file.endsWith('.lock'))).toHaveLength(1);
  });

  it('leaves the segments of a living process alone', async () => {
    const first = create(() => Promise.reject(new Error('down')));
    await first.start();
    await appendDurable(first, 'decisions', upTo(2));
    const queue = collector();
    const second = create(queue.ship);
    await second.start();
    await sleep(100);
    expect(queue.rows).toEqual([]);
    await first.close(10);
    const third = create(queue.ship);
    await third.start();
    await until(() => queue.rows.length === 2);
  });

  it('loses nothing that was made durable when its process is killed (kill -9)', async () => {
    const code = join(directory, 'code');
    mkdirSync(code);
    writeFileSync(join(code, 'package.json'), '{"type":"module"}');
    for (const file of readdirSync(HERE).filter((name) => /^(spool.*|deadline)(?<!\.spec)\.ts$/.test(name))) {
      const options = {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      } as const;
      writeFileSync(join(code, file.replace(/ts$/, 'js')), transformFileSync(join(HERE, file), options).code);
    }
    const spoolDirectory = join(directory, 'journal');
    writeFileSync(
      join(code, 'main.js'),
      `
      import { Spool } from './spool.js';
      const spool = new Spool({ directory: ${JSON.stringify(spoolDirectory)}, name: 'api', logger: console,
        ship: () => Promise.reject(new Error('down')), limits: { segmentBytes: 2000 } });
      await spool.start();
      for (let n = 0; ; n++) {
        await spool.appendDurable('events', JSON.stringify({ n }) + '\\n', 1);
        process.stdout.write(n + '\\n');
      }`,
    );
    const child = spawn(process.execPath, [join(code, 'main.js')], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until(() => output.split('\n').length > 200, 15_000);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const acknowledged = output.split('\n').slice(0, -1).map(Number);
    // A crash in the middle of a write leaves half a line.
    const last = readdirSync(spoolDirectory)
      .filter((file) => file.endsWith('.events'))
      .sort()
      .at(-1) as string;
    appendFileSync(join(spoolDirectory, last), '{"n":17');
    const queue = collector();
    const spool = new Spool({
      directory: spoolDirectory,
      name: 'api',
      ship: queue.ship,
      logger: quiet,
      limits: { flushMs: 5 },
    });
    opened.push(spool);
    await spool.start();
    await until(() => spool.status().pending === 0 && queue.rows.length > 0);
    expect(numbers(queue.rows)).toEqual(Array.from({ length: queue.rows.length }, (_, n) => n));
    expect(queue.rows.length).toBeGreaterThanOrEqual(acknowledged.length);
  }, 30_000);
});
