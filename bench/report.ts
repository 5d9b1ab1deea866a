import path from 'node:path';
import { createDataSource } from '../apps/api/src/persistence/data-source.js';
import { Database } from '../apps/api/src/persistence/database.js';
import { RollUp } from '../apps/api/src/rollups/roll-up.js';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';
import { ARMS, DAYS, DAY_MS, loadFacts } from './report-facts.js';
import { createDatabase, startStack } from './stack.js';
import type { Ground, Stack } from './stack.js';
import { arm, createSurface, runExperiment } from './world.js';

const REQUESTS = 20;
const METRICS = [
  'watch-minutes',
  'play-rate',
  'click-through',
  'sessions-per-week',
  'retention-day-1',
  'retention-day-7',
  'cancellations',
  'search-success',
  'skips-per-play',
  'pauses-per-play',
];

/** @returns seconds. */
async function rollUp(databaseUrl: string, units: number): Promise<number> {
  const source = createDataSource(databaseUrl, { poolSize: 2, name: 'marquee-bench-rollup' });
  await source.initialize();
  try {
    const began = performance.now();
    const done = await new RollUp(new Database(source, databaseUrl)).run(new Date());
    if (!done.ran || done.units !== units)
      throw new Error(`rolled up ${done.units} units instead of ${units}`);
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

async function timeReports(stack: Stack, units: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const began = performance.now();
    const report = await stack.admin.json<Report>('GET', '/v1/experiments/bench-report/report');
    seconds.push((performance.now() - began) / 1000);
    if (!report.complete || report.units.enrolled !== units || report.results.length < METRICS.length)
      throw new Error('the report is not complete');
  }
  return seconds;
}

/** A lift report over 200,000 units and 2 million events, and the roll-up that it reads. */
export const benchReport = (ground: Ground): Promise<Figure[]> => measure(ground, 200_000);

/** The same over a million units and 10 million events; only when asked for, since loading takes minutes. */
export const benchLargeReport = (ground: Ground): Promise<Figure[]> => measure(ground, 1_000_000);

/** Events a second: 10 million in a minute. */
const LEAST_EVENTS_PER_SECOND = 10_000_000 / 60;

async function measure(ground: Ground, units: number): Promise<Figure[]> {
  // No worker: the roll-up is run, and timed, by hand.
  const stack = await startStack(
    await createDatabase(ground, 'bench_report'),
    path.join(ground.stateDir, 'report'),
    '',
  );
  try {
    await createSurface(stack, 'bench.report', 'value');
    const arms = ARMS.map((key, i) =>
      arm(key, { kind: 'value', value: key }, key === 'control', i === 0 ? 0.34 : 0.33),
    );
    await runExperiment(stack, 'bench-report', 'bench.report', arms, METRICS);
    const now = Date.now();
    await stack.client.query(`update experiment set started_at = $1 where key = 'bench-report'`, [
      new Date(now - (DAYS + 1) * DAY_MS),
    ]);
    const began = performance.now();
    await loadFacts(stack.client, units, now);
    const loadSeconds = (performance.now() - began) / 1000;
    await stack.client.query('vacuum analyze');
    const rollUpSeconds = await rollUp(stack.databaseUrl, units);
    const seconds = await timeReports(stack, units);
    const size = `${units.toLocaleString('en')} units, ${METRICS.length} metrics, ${ARMS.length} arms`;
    return [
      figureOf(
        {
          key: 'report',
          title: `lift report, ${size}`,
          unit: 's',
          value: median(seconds),
          ceiling: null,
          target: { of: 'value', atMost: 1 },
        },
        { 'longest s': Math.max(...seconds), 'loading the facts s': loadSeconds },
      ),
      figureOf(
        {
          key: 'rollup',
          title: `roll-up of all of it at once, ${(units * 10).toLocaleString('en')} events`,
          unit: 'events/s',
          value: (units * 10) / rollUpSeconds,
          ceiling: null,
          target: { of: 'value', atLeast: LEAST_EVENTS_PER_SECOND },
        },
        { seconds: rollUpSeconds },
      ),
    ];
  } finally {
    await stack.close();
  }
}
