import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from './daemon.js';
import type { LoadTarget } from './paced.js';
import { freePort, urlOf, withClient } from './stack.js';
import type { Ground } from './stack.js';

const FLAG = 'bench-value';
const ADMIN = '*:*.bench-admin-of-this-run';
const FRONTEND = 'default:development.bench-frontend-of-this-run';
/** Its limits on requests per minute, which would measure themselves. */
const NO_LIMIT = '1000000000';
const SERVED_WITHIN_MS = 60_000;

/** unleash-server under load: its frontend API evaluates for a unit that a request names. */
export interface Unleash {
  readonly daemon: Daemon;
  /** @param queries as `unleashQuery` makes them. */
  target(queries: readonly string[]): LoadTarget;
}

/** What its own clients ask by default: the context in the address. */
export function unleashQuery(userId: string, properties: Readonly<Record<string, string>>): string {
  const named = Object.entries(properties).map(([name, value]) => [`properties[${name}]`, value] as const);
  return `?${new URLSearchParams(Object.fromEntries([['userId', userId], ...named])).toString()}`;
}

/**
 * Starts unleash-server as its package starts it, in production mode, on a database of its own on the same PostgreSQL
 * server, with one flag of two variants for everybody, split by the user's id.
 * @param folder of the package.
 */
export async function startUnleash(folder: string, ground: Ground): Promise<Unleash> {
  await withClient(ground.serverUrl, async (client) => {
    await client.query('drop database if exists bench_unleash with (force)');
    await client.query('create database bench_unleash');
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: urlOf(ground.serverUrl, 'bench_unleash'),
    DATABASE_SSL: 'false',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(port),
    CHECK_VERSION: 'false',
    SEND_TELEMETRY: 'false',
    INIT_ADMIN_API_TOKENS: ADMIN,
    INIT_FRONTEND_API_TOKENS: FRONTEND,
    TOKEN_AUTHENTICATION_RATE_LIMIT_PER_MINUTE: NO_LIMIT,
    SDK_API_RATE_LIMIT_PER_MINUTE: NO_LIMIT,
  };
  const log = path.join(ground.stateDir, 'unleash.log');
  const daemon = new Daemon('unleash-server', path.join(folder, 'dist', 'server.js'), env, log);
  daemon.start();
  try {
    await daemon.ready(async () => (await fetch(`${url}/health`)).ok);
    await createFlag(url);
    await served(url);
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  const target = (queries: readonly string[]): LoadTarget => ({
    url,
    path: '/api/frontend',
    headers: { authorization: FRONTEND },
    bodies: queries,
    method: 'GET',
  });
  return { daemon, target };
}

const variant = (name: string, value: string): object => ({
  name,
  weight: 500,
  weightType: 'variable',
  stickiness: 'userId',
  payload: { type: 'string', value },
});

async function createFlag(url: string): Promise<void> {
  const features = '/api/admin/projects/default/features';
  const here = `${features}/${FLAG}/environments/development`;
  await admin(url, features, { name: FLAG, type: 'experiment' });
  await admin(url, `${here}/strategies`, {
    name: 'flexibleRollout',
    constraints: [],
    parameters: { rollout: '100', stickiness: 'userId', groupId: FLAG },
    variants: [variant('control', 'blue'), variant('treatment', 'green')],
  });
  await admin(url, `${here}/on`, {});
}

async function admin(url: string, route: string, body: object): Promise<void> {
  const headers = { authorization: ADMIN, 'content-type': 'application/json' };
  const answer = await fetch(url + route, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`unleash-server, ${route}: ${answer.status} ${await answer.text()}`);
}

/** Waits until both variants are served: it looks for changes every few seconds. */
async function served(url: string): Promise<void> {
  const seen = new Set<string>();
  for (const deadline = Date.now() + SERVED_WITHIN_MS; Date.now() < deadline;) {
    for (let i = 0; i < 20; i++) seen.add((await variantOf(url, `member-${i}`)) ?? '');
    if (seen.has('control') && seen.has('treatment')) return;
    await sleep(200);
  }
  throw new Error(`unleash-server does not serve both variants: ${[...seen].join(', ')}`);
}

async function variantOf(url: string, userId: string): Promise<string | undefined> {
  const headers = { authorization: FRONTEND };
  const answer = await fetch(`${url}/api/frontend${unleashQuery(userId, {})}`, { headers });
  const { toggles } = (await answer.json()) as { toggles: { name: string; variant: { name: string } }[] };
  return toggles.find(({ name }) => name === FLAG)?.variant.name;
}
