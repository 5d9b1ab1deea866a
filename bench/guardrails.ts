import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRng } from '#experiments';
import { newUlid } from '../apps/api/src/http/ulid.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';
import { createDatabase, startStack } from './stack.js';
import type { Ground, Stack } from './stack.js';

const UNITS = 2000;
const BATCH = 200;
const MOST_MS = 240_000;
const KEY = 'guarded';

interface Served {
  readonly decisionId: string;
  readonly value: string;
  readonly reason: string;
}

interface Found {
  readonly breaches: readonly { readonly detectedAt: string; readonly done: string }[];
}

/**
 * API and worker as processes of their own: an experiment whose treatment has errors, set to send everybody to control.
 * The worker finds it at one of its looks, every minute; the figure is the time from there until no treatment is served.
 */
export async function benchGuardrails(ground: Ground): Promise<Figure[]> {
  const database = await createDatabase(ground, 'marquee_bench_guardrails');
  const stack = await startStack(database, path.join(ground.stateDir, 'stack'), 'ingest,rollup,maintenance');
  try {
    await design(stack);
    const sent = Date.now();
    const began = await live(stack);
    const last = await lastTreatment(stack);
    const found = await stack.admin.json<Found>('GET', `/v1/experiments/${KEY}/guardrails`);
    const breach = found.breaches[0];
    if (breach?.done !== 'control') throw new Error('the worker found no breach');
    const detected = Date.parse(breach.detectedAt);
    return [
      figureOf(
        {
          key: 'guardrails',
          title: 'guardrails, from the breach until no treatment is served',
          unit: 's',
          value: Math.max(0, last - detected) / 1000,
          ceiling: null,
          target: { of: 'value', atMost: 10 },
        },
        {
          'from the last error sent until found, s': (detected - began) / 1000,
          'sending, s': (began - sent) / 1000,
        },
      ),
    ];
  } finally {
    await stack.close();
  }
}

async function design({ admin }: Stack): Promise<void> {
  const arm = (key: string): object => ({
    key,
    weight: 1,
    isControl: key === 'control',
    treatment: { kind: 'value', value: key },
  });
  await admin.json('POST', '/v1/surfaces', { key: KEY, title: KEY, kind: 'value', defaultValue: 'default' });
  await admin.json('POST', '/v1/experiments', {
    key: KEY,
    title: KEY,
    hypothesis: 'Nothing breaks',
    surface: KEY,
    arms: [arm('control'), arm('new')],
    decisionMetric: 'watch-minutes',
  });
  await admin.json('PATCH', `/v1/experiments/${KEY}/guardrails`, { errors: 'control', minimumMinutes: 0 });
  await admin.json('POST', `/v1/experiments/${KEY}/start`, {});
}

async function serve({ admin }: Stack, unitId: string): Promise<Served> {
  const body = { unitId, expose: true, requests: [{ surface: KEY }] };
  const answer = await admin.json<{ treatments: Served[] }>('POST', '/v1/treatments', body);
  const [served] = answer.treatments;
  if (!served) throw new Error('no treatment was answered');
  return served;
}

/** Every unit asks once; one in five of the treatment has an error, one in fifty of control. @returns when the last was sent. */
async function live(stack: Stack): Promise<number> {
  const rng = createRng('bench-guardrails');
  for (let begin = 0; begin < UNITS; begin += BATCH) {
    const units = Array.from({ length: BATCH }, (_, i) => `unit-${begin + i}`);
    const served = await Promise.all(units.map((unitId) => serve(stack, unitId)));
    const events = served.flatMap(({ decisionId, value }, i) =>
      rng.uniform() < (value === 'new' ? 0.2 : 0.02)
        ? [{ id: newUlid(Date.now()), kind: 'outcome', unitId: units[i], name: 'playback_error', decisionId }]
        : [],
    );
    const at = new Date().toISOString();
    if (events.length > 0)
      await stack.admin.json('POST', '/v1/events', { events: events.map((event) => ({ ...event, at })) });
  }
  return Date.now();
}

/** Asks for a unit of the treatment until nobody gets it any more. @returns when it was last served, by this clock. */
async function lastTreatment(stack: Stack): Promise<number> {
  const deadline = Date.now() + MOST_MS;
  let last = Date.now();
  for (let i = 0; Date.now() < deadline; i = (i + 1) % UNITS) {
    const { value, reason } = await serve(stack, `unit-${i}`);
    if (reason === 'PAUSED') return last;
    if (value === 'new') last = Date.now();
    await sleep(5);
  }
  throw new Error('the treatment was served to the end');
}
