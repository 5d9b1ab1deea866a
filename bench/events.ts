import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { newUlid } from '../apps/api/src/http/ulid.js';
import { EVENT_COLUMNS, encodeEvents } from '../apps/api/src/queues/event-lines.js';
import type { ClientEvent } from '../apps/api/src/queues/jobs.js';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';
import { HttpClient } from './http-client.js';
import { createDatabase, quiet, startStack, withClient } from './stack.js';
import type { Ground, Stack } from './stack.js';

const ROUNDS = 3;
const BATCH = 500;
const BATCHES = 200;
const CLIENTS = 8;
const MOST_SECONDS = 120;
const NAMES = ['play', 'watch', 'watch', 'click', 'pause', 'search'] as const;

/** Events as a streaming client sends them: one exposure in ten, the rest outcomes. */
function eventsOf(round: number, now: number): ClientEvent[] {
  return Array.from({ length: BATCH * BATCHES }, (_, i): ClientEvent => {
    const at = now - (i % 60_000);
    const isExposure = i % 10 === 0;
    const name = isExposure ? null : (NAMES[i % NAMES.length] as string);
    return {
      id: newUlid(now),
      kind: isExposure ? 'exposure' : 'outcome',
      unitId: `member-${(i * 7919) % 20_000}`,
      at,
      receivedAt: now,
      decisionId: newUlid(at),
      name,
      value: name === 'watch' ? (i % 3600) + 0.5 : null,
      actionId: `artwork-${i % 10}`,
      itemId: i % 3 === 0 ? `title-${(i * 31 + round) % 5000}` : null,
      position: null,
      properties: i % 4 === 0 ? { device: 'tv', localHour: i % 24 } : null,
    };
  });
}

/** What the client sends for a stored event. */
const wire = ({ receivedAt: _receivedAt, at, ...event }: ClientEvent): object => ({
  ...Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)),
  at: new Date(at).toISOString(),
});

const batchesOf = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(list.length / BATCH) }, (_, i) => list.slice(i * BATCH, (i + 1) * BATCH));

async function stored(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from event');
  return rows[0]?.n ?? 0;
}

/** Rows per second from the first byte sent until the last row is committed. */
async function throughHttp(
  stack: Stack,
  events: readonly ClientEvent[],
): Promise<{ perSecond: number; acknowledged: number }> {
  const bodies = batchesOf(events).map((batch) => Buffer.from(JSON.stringify({ events: batch.map(wire) })));
  const http = new HttpClient(stack.url, stack.keys.publishable, CLIENTS);
  const began = performance.now();
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let body = bodies[next++]; body; body = bodies[next++]) {
      const answer = await http.send('POST', '/v1/events', body);
      if (answer.status !== 202)
        throw new Error(`POST /v1/events: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, sender));
  const acknowledged = performance.now() - began;
  while ((await stored(stack.client)) < events.length) {
    if (performance.now() - began > MOST_SECONDS * 1000)
      throw new Error(
        `events are missing after ${MOST_SECONDS} s: ${await stored(stack.client)} of ${events.length}`,
      );
    await sleep(25);
  }
  const seconds = (performance.now() - began) / 1000;
  http.close();
  return { perSecond: events.length / seconds, acknowledged: (events.length / acknowledged) * 1000 };
}

/** Rows per second of COPY through one connection. @param perCopy rows of one COPY, and of one transaction. */
async function throughCopy(
  client: pg.Client,
  events: readonly ClientEvent[],
  perCopy: number,
): Promise<number> {
  const parts: Buffer[][] = [];
  for (let i = 0; i < events.length; i += perCopy) {
    parts.push(
      batchesOf(events.slice(i, i + perCopy)).map((batch) => Buffer.from(encodeEvents(batch).lines)),
    );
  }
  const began = performance.now();
  for (const part of parts)
    await pipeline(Readable.from(part), client.query(copyFrom(`copy event (${EVENT_COLUMNS}) from stdin`)));
  const seconds = (performance.now() - began) / 1000;
  if ((await stored(client)) !== events.length) throw new Error('COPY did not store every row');
  await client.query('truncate event');
  return events.length / seconds;
}

interface Round {
  readonly http: { readonly perSecond: number; readonly acknowledged: number };
  readonly copy: number;
  readonly copyInBatches: number;
  /** Processor seconds of API and worker per million events. */
  readonly cpu: number;
}

async function measureRound(stack: Stack, ceiling: pg.Client, round: number): Promise<Round> {
  const events = eventsOf(round, Date.now());
  await quiet(stack);
  const copy = await throughCopy(ceiling, events, events.length);
  const copyInBatches = await throughCopy(ceiling, events, BATCH);
  const cpu = (): number => stack.api.cpuSeconds() + stack.worker.cpuSeconds();
  const before = cpu();
  const http = await throughHttp(stack, events);
  const used = cpu() - before;
  await quiet(stack);
  await stack.client.query('truncate event, event_seen, exposure_pending');
  return { http, copy, copyInBatches, cpu: (used / events.length) * 1e6 };
}

/** POST /v1/events in batches of 500 until the rows are committed, against COPY of the same rows into the same table. */
export async function benchEvents(ground: Ground): Promise<Figure[]> {
  const stack = await startStack(
    await createDatabase(ground, 'bench_events'),
    path.join(ground.stateDir, 'events'),
  );
  try {
    const ceilingUrl = await createDatabase(ground, 'bench_events_copy');
    const rounds = await withClient(ceilingUrl, async (ceiling) => {
      await ceiling.query(`select ensure_partitions(current_date - 1, current_date + 1)`);
      // The first round warms up and does not count.
      await measureRound(stack, ceiling, -1);
      const measured: Round[] = [];
      for (let round = 0; round < ROUNDS; round++) measured.push(await measureRound(stack, ceiling, round));
      return measured;
    });
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    const figure = figureOf(
      {
        key: 'events',
        title: `events, HTTP to committed rows, batches of ${BATCH}`,
        unit: 'events/s',
        value: of(({ http }) => http.perSecond),
        ceiling: of(({ copy }) => copy),
        target: { of: 'ratio', atLeast: 0.5 },
      },
      {
        'acknowledged/s': of(({ http }) => http.acknowledged),
        [`COPY in transactions of ${BATCH}/s`]: of(({ copyInBatches }) => copyInBatches),
        'ratio to that': of(({ http, copyInBatches }) => http.perSecond / copyInBatches),
        'API and worker, processor s per million events': of(({ cpu }) => cpu),
        'ratios of the rounds': rounds.map(({ http, copy }) => (http.perSecond / copy).toFixed(2)).join(' '),
      },
    );
    return [figure];
  } finally {
    await stack.close();
  }
}
