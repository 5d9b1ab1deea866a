import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import { newUlid } from '../apps/api/src/http/ulid.js';
import { createDataSource } from '../apps/api/src/persistence/data-source.js';
import { Database } from '../apps/api/src/persistence/database.js';
import { RollUp } from '../apps/api/src/rollups/roll-up.js';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';
import { createDatabase, startStack } from './stack.js';
import type { Ground, Stack } from './stack.js';
import { arm, createSurface, runExperiment } from './world.js';

const UNITS = 200_000;
/** Besides the exposure: 10 events a unit, 2 million in all. */
const OUTCOMES = 9;
const DAYS = 28;
const DAY_MS = 86_400_000;
const REQUESTS = 20;
const UNITS_PER_CHUNK = 2000;
const METRICS = [
  'watch-minutes',
  'play-rate',
  'click-through',
  'sessions-per-week',
  'retention-day-7',
  'cancellations',
];
const OUTCOME_NAMES = [
  'session_start',
  'click',
  'play',
  'watch',
  'pause',
  'session_start',
  'play',
  'watch',
  'search',
] as const;

const DECISION_COLUMNS =
  'id, at, unit_id, unit_type, surface, experiment, arm, phase, kind, chosen, propensity, arm_propensity, context, seed, reason';
const EVENT_COLUMNS = 'id, at, received_at, unit_id, kind, name, value, decision_id';

/** Indexes of the two tables that are no primary keys: building them after the load takes half the time. */
const INDEXES = `
select indexname as name, indexdef as definition from pg_indexes
where schemaname = 'public' and tablename in ('event', 'decision') and indexdef not like 'CREATE UNIQUE%'`;

const iso = (at: number): string => new Date(at).toISOString();

interface Chunk {
  readonly decisions: Buffer;
  readonly events: Buffer;
}

/** Facts of some units: one decision and its exposure each, and outcomes from before it to now. */
function chunkOf(first: number, now: number, rng: Rng): Chunk {
  let decisions = '';
  let events = '';
  for (let unit = first; unit < first + UNITS_PER_CHUNK; unit++) {
    const at = Math.floor(now - rng.uniform() * DAYS * DAY_MS);
    const id = newUlid(at);
    const treated = unit % 2 === 1;
    const row = [
      id,
      iso(at),
      `unit-${unit}`,
      'member',
      'bench.report',
      'bench-report',
      treated ? 'treatment' : 'control',
      1,
    ];
    const device = ['tv', 'phone', 'web'][unit % 3] as string;
    decisions += `${row.join('\t')}\tvalue\t"x"\t1\t0.5\t{"device": "${device}"}\ts\tASSIGNED\n`;
    const event = (kind: string, when: number, name: string, value: string, of: string): void => {
      events += `${newUlid(when)}\t${iso(when)}\t${iso(now)}\tunit-${unit}\t${kind}\t${name}\t${value}\t${of}\n`;
    };
    event('exposure', at + 5, '\\N', '\\N', id);
    for (let i = 0; i < OUTCOMES; i++) {
      // One in nine from before the exposure: the covariate's period.
      const when =
        i === 0
          ? at - Math.floor(rng.uniform() * 13 * DAY_MS)
          : Math.floor(at + 1000 + rng.uniform() * (now - at - 1000));
      const name = OUTCOME_NAMES[i] as string;
      event(
        'outcome',
        when,
        name,
        name === 'watch' ? String(Math.floor(rng.uniform() * (treated ? 3700 : 3600))) : '\\N',
        i < 4 && i > 0 ? id : '\\N',
      );
    }
  }
  return { decisions: Buffer.from(decisions), events: Buffer.from(events) };
}

async function load(client: pg.Client, now: number): Promise<void> {
  await client.query('select ensure_partitions($1::date, $2::date)', [
    iso(now - (DAYS + 15) * DAY_MS),
    iso(now + DAY_MS),
  ]);
  const indexes = await client.query<{ name: string; definition: string }>(INDEXES);
  for (const { name } of indexes.rows) await client.query(`drop index ${name}`);
  const rng = createRng('bench-report');
  for (let first = 0; first < UNITS; first += UNITS_PER_CHUNK) {
    const chunk = chunkOf(first, now, rng);
    await pipeline(
      Readable.from([chunk.decisions]),
      client.query(copyFrom(`copy decision (${DECISION_COLUMNS}) from stdin`)),
    );
    await pipeline(
      Readable.from([chunk.events]),
      client.query(copyFrom(`copy event (${EVENT_COLUMNS}) from stdin`)),
    );
  }
  for (const { definition } of indexes.rows) await client.query(definition.replace(' ON ONLY ', ' ON '));
}

/** @returns seconds. */
async function rollUp(databaseUrl: string): Promise<number> {
  const source = createDataSource(databaseUrl, { poolSize: 2, name: 'marquee-bench-rollup' });
  await source.initialize();
  try {
    const began = performance.now();
    const done = await new RollUp(new Database(source, databaseUrl)).run(new Date());
    if (!done.ran || done.units !== UNITS)
      throw new Error(`rolled up ${done.units} units instead of ${UNITS}`);
    return (performance.now() - began) / 1000;
  } finally {
    await source.destroy();
  }
}

interface Report {
  readonly complete: boolean;
  readonly units: { readonly enrolled: number };
  readonly results: readonly unknown[];
}

async function timeReports(stack: Stack): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const began = performance.now();
    const report = await stack.admin.json<Report>('GET', '/v1/experiments/bench-report/report');
    seconds.push((performance.now() - began) / 1000);
    if (!report.complete || report.units.enrolled !== UNITS || report.results.length < METRICS.length)
      throw new Error('the report is not complete');
  }
  return seconds;
}

/** A lift report over 200,000 units and 2 million events. */
export async function benchReport(ground: Ground): Promise<Figure[]> {
  // No worker: the roll-up is run, and timed, by hand.
  const stack = await startStack(
    await createDatabase(ground, 'bench_report'),
    path.join(ground.stateDir, 'report'),
    '',
  );
  try {
    await createSurface(stack, 'bench.report', 'value');
    const arms = [
      arm('control', { kind: 'value', value: 'x' }, true),
      arm('treatment', { kind: 'value', value: 'y' }),
    ];
    await runExperiment(stack, 'bench-report', 'bench.report', arms, METRICS);
    const now = Date.now();
    await stack.client.query(`update experiment set started_at = $1 where key = 'bench-report'`, [
      new Date(now - (DAYS + 1) * DAY_MS),
    ]);
    const began = performance.now();
    await load(stack.client, now);
    const loadSeconds = (performance.now() - began) / 1000;
    await stack.client.query('analyze');
    const rollUpSeconds = await rollUp(stack.databaseUrl);
    const seconds = await timeReports(stack);
    return [
      figureOf(
        {
          key: 'report',
          title: 'lift report, 200,000 units and 2 million events',
          unit: 's',
          value: median(seconds),
          ceiling: null,
          target: { of: 'value', atMost: 1 },
        },
        {
          'longest s': Math.max(...seconds),
          'loading the facts s': loadSeconds,
          'roll-up of all of it at once s': rollUpSeconds,
          metrics: METRICS.length,
        },
      ),
    ];
  } finally {
    await stack.close();
  }
}
