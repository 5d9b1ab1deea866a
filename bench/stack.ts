import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { seedKeys } from '../apps/api/src/access/seed-keys.js';
import { createDataSource } from '../apps/api/src/persistence/data-source.js';
import { Database } from '../apps/api/src/persistence/database.js';
import { migrate } from '../apps/api/src/persistence/migrate.js';
import { Daemon } from './daemon.js';
import { HttpClient } from './http-client.js';

export type Role = 'publishable' | 'secret' | 'admin';

/** Where a measurement may put its things. */
export interface Ground {
  /** URL of a database on the PostgreSQL server; measurements make databases of their own beside it. */
  readonly serverUrl: string;
  /** Empty folder for spools, keys and logs. */
  readonly stateDir: string;
}

export function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates an empty database with Marquee's schema. @returns its URL. */
export async function createDatabase(ground: Ground, name: string): Promise<string> {
  await withClient(ground.serverUrl, async (client) => {
    await client.query(`drop database if exists "${name}" with (force)`);
    await client.query(`create database "${name}"`);
  });
  const url = urlOf(ground.serverUrl, name);
  await migrate(url);
  return url;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

interface NodeFlags {
  readonly api: readonly string[];
  readonly worker: readonly string[];
}

/** API and worker as real processes from dist/, on a migrated database. */
export interface Stack {
  readonly databaseUrl: string;
  readonly stateDir: string;
  readonly url: string;
  readonly keys: Readonly<Record<Role, string>>;
  readonly api: Daemon;
  readonly worker: Daemon;
  readonly admin: HttpClient;
  /** For questions to the database. */
  readonly client: pg.Client;
  close(): Promise<void>;
}

/**
 * Starts API and worker on a database that has the schema.
 * @param roles of the worker; an empty list starts none.
 */
export async function startStack(
  databaseUrl: string,
  stateDir: string,
  roles = 'ingest,learn,rollup,maintenance',
): Promise<Stack> {
  fs.mkdirSync(stateDir, { recursive: true });
  const source = createDataSource(databaseUrl, { poolSize: 1, name: 'marquee-bench' });
  await source.initialize();
  const keys = await seedKeys(new Database(source, databaseUrl), stateDir);
  await source.destroy();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    DATABASE_URL: databaseUrl,
    MARQUEE_STATE_DIR: stateDir,
    MARQUEE_LOG_LEVEL: 'info',
    REDIS_URL: undefined,
  };
  // As `npm run up` starts them.
  const flags = JSON.parse(fs.readFileSync('scripts/lib/node-flags.json', 'utf8')) as NodeFlags;
  const daemon = (name: string, script: string, more: NodeJS.ProcessEnv, own: readonly string[]): Daemon =>
    new Daemon(
      name,
      `dist/apps/api/src/${script}`,
      { ...env, ...more },
      path.join(stateDir, `${name}.log`),
      own,
    );
  const api = daemon('api', 'main.js', { MARQUEE_API_PORT: String(port) }, flags.api);
  const worker = daemon('worker', 'worker.js', { MARQUEE_ROLES: roles }, flags.worker);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'marquee-bench' });
  await client.connect();
  const admin = new HttpClient(url, keys.admin, 8);
  const close = async (): Promise<void> => {
    admin.close();
    await api.stop();
    await worker.stop();
    await client.end();
  };
  const stack: Stack = { databaseUrl, stateDir, url, keys, api, worker, admin, client, close };
  try {
    await Promise.all(
      [api, worker].filter((one) => one === api || roles !== '').map((one) => startAndWait(stack, one)),
    );
  } catch (error) {
    await close();
    throw error;
  }
  return stack;
}

/** Starts one of the two processes and waits until it does its work. */
export async function startAndWait(stack: Stack, daemon: Daemon): Promise<void> {
  const lines = (): number => daemon.log().split('running ').length;
  const before = lines();
  daemon.start();
  await daemon.ready(async () =>
    daemon === stack.worker
      ? lines() > before
      : (await stack.admin.send('GET', '/health/ready', undefined, 2000)).status === 200,
  );
}

const BUSY = `
select count(*)::int as busy from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and backend_type = 'client backend'`;

/** Waits until nobody has worked on the database for a while, so that the next measurement starts on a quiet machine. */
export async function quiet(stack: Stack, mostSeconds = 30): Promise<void> {
  const deadline = Date.now() + mostSeconds * 1000;
  for (let calm = 0; calm < 12 && Date.now() < deadline;) {
    const { rows } = await stack.client.query<{ busy: number }>(BUSY);
    calm = rows[0]?.busy === 0 ? calm + 1 : 0;
    await sleep(50);
  }
}
