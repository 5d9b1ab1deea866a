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
import type { SpoolBatch, SpoolLimits } from './spool.js';

interface Row {
  readonly n: number;
  readonly pad?: string;
}

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

  function create(
    ship: (batches: readonly SpoolBatch[]) => Promise<void>,
    limits: Partial<SpoolLimits> = {},
  ): Spool {
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
  function collector(): {
    rows: Row[];
    batches: SpoolBatch[];
    ship: (batches: readonly SpoolBatch[]) => Promise<void>;
  } {
    const rows: Row[] = [];
    const batches: SpoolBatch[] = [];
    const ship = async (given: readonly SpoolBatch[]): Promise<void> => {
      batches.push(...given);
      for (const batch of given) rows.push(...(batch.records as Row[]));
    };
    return { rows, batches, ship };
  }
  const numbers = (rows: readonly Row[]): number[] => rows.map((row) => row.n);
  const upTo = (count: number, pad = ''): Row[] => Array.from({ length: count }, (_, n) => ({ n, pad }));
  const segments = (): string[] => readdirSync(directory).filter((file) => file.endsWith('.jsonl'));
  async function until(condition: () => boolean, within = 5000): Promise<void> {
    const deadline = Date.now() + within;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error('waited in vain');
      await sleep(5);
    }
  }

  it('ships in order, in batches of one kind, and leaves no file behind', async () => {
    const queue = collector();
    const spool = create(queue.ship, { batchRecords: 100 });
    await spool.start();
    spool.append('decisions', upTo(450));
    spool.append('events', [{ n: 1000 }]);
    await until(() => spool.status().pending === 0);
    expect(numbers(queue.rows)).toEqual([...upTo(450).map((row) => row.n), 1000]);
    expect(queue.batches.map((batch) => [batch.kind, batch.records.length])).toEqual([
      ['decisions', 100],
      ['decisions', 100],
      ['decisions', 100],
      ['decisions', 100],
      ['decisions', 50],
      ['events', 1],
    ]);
    expect(new Set(queue.batches.map((batch) => batch.id)).size).toBe(6);
    await spool.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('hands a full batch over at once and a lone record within the flush time', async () => {
    const queue = collector();
    const spool = create(queue.ship, { flushMs: 400, batchRecords: 10 });
    await spool.start();
    const begun = Date.now();
    spool.append('decisions', [{ n: 0 }]);
    await until(() => queue.rows.length === 1);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(395);
    spool.append('decisions', upTo(10));
    const full = Date.now();
    await until(() => queue.rows.length === 11);
    expect(Date.now() - full).toBeLessThan(300);
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
    spool.append('decisions', upTo(1200));
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
    spool.append('decisions', upTo(3));
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
      spool.append(
        'decisions',
        upTo(20, 'x'.repeat(100)).map((row) => ({ ...row, n: i * 20 + row.n })),
      );
      await sleep(1);
    }
    expect(spool.status().bytes).toBeGreaterThan(250_000);
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
    expect(() => spool.append('decisions', upTo(500, 'x'.repeat(50)))).not.toThrow();
    const { dropped, pending } = spool.status();
    expect(dropped).toBeGreaterThan(300);
    expect(dropped + pending).toBe(500);
    await expect(spool.appendDurable('events', [{ n: 1 }])).rejects.toThrow('full');
  });

  it('never throws at what cannot be written as JSON', async () => {
    const queue = collector();
    const spool = create(queue.ship);
    await spool.start();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    spool.append('decisions', [circular, { n: 1n }, { n: 7 }]);
    await until(() => queue.rows.length === 1);
    expect(numbers(queue.rows)).toEqual([7]);
    expect(spool.status().dropped).toBe(2);
  });

  it('appendDurable resolves once the records are in the file', async () => {
    const spool = create(() => Promise.reject(new Error('down')));
    await spool.start();
    await Promise.all([spool.appendDurable('events', upTo(3)), spool.appendDurable('events', [{ n: 3 }])]);
    const source = segments();
    expect(source).toHaveLength(1);
    const lines = readFileSync(join(directory, source[0] as string), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { r: Row }).r.n)).toEqual([0, 1, 2, 3]);
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
    await expect(spool.appendDurable('events', [{ n: 0 }])).rejects.toThrow();
    spool.append('decisions', [{ n: 1 }]);
    down = false;
    await until(() => queue.rows.length === 2);
    mkdirSync(directory, { recursive: true });
  });

  it('adopts what a process that is gone left, tolerating a torn last line and keeping a bad file', async () => {
    const line = (n: number): string => `${JSON.stringify({ k: 'events', t: 1, r: { n } })}\n`;
    writeFileSync(join(directory, 'api-999999-aa-00000001.jsonl'), line(1) + line(2) + line(3).slice(0, 20));
    writeFileSync(
      join(directory, 'api-999999-aa.lock'),
      JSON.stringify({ pid: 2 ** 22 + 1, host: 'elsewhere', started: null }),
    );
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(directory, 'api-999999-aa.lock'), old, old);
    writeFileSync(join(directory, 'api-999998-bb-00000007.jsonl'), `${line(4)}not json\n${line(5)}`);
    const queue = collector();
    const spool = create(queue.ship);
    await spool.start();
    await until(() => queue.rows.length === 4 && spool.status().pending === 0);
    expect(numbers(queue.rows).sort()).toEqual([1, 2, 4, 5]);
    await until(() => segments().length === 0);
    expect(readdirSync(directory).filter((file) => file.endsWith('.corrupt'))).toHaveLength(1);
    expect(readdirSync(directory).filter((file) => file.endsWith('.lock'))).toHaveLength(1);
  });

  it('leaves the segments of a living process alone', async () => {
    const first = create(() => Promise.reject(new Error('down')));
    await first.start();
    await first.appendDurable('decisions', upTo(2));
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
    for (const name of ['spool', 'spool-contract', 'spool-owner', 'spool-segment', 'spool-shipping']) {
      const options = {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      } as const;
      writeFileSync(join(code, `${name}.js`), transformFileSync(join(HERE, `${name}.ts`), options).code);
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
        await spool.appendDurable('events', [{ n }]);
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
      .filter((file) => file.endsWith('.jsonl'))
      .sort()
      .at(-1) as string;
    appendFileSync(join(spoolDirectory, last), '{"k":"events","t":17');
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
