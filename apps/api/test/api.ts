import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { seedKeys } from '../src/access/seed-keys.js';
import { createApi } from '../src/bootstrap.js';
import type { Running } from '../src/bootstrap.js';
import { readConfig } from '../src/config/config.js';
import type { Config } from '../src/config/config.js';
import { DecisionShipping } from '../src/queues/decision-shipping.js';
import { IngestProducer } from '../src/queues/ingest-producer.js';
import { createTestDatabase } from './postgres.js';
import type { TestDatabase } from './postgres.js';

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  json<T = Record<string, unknown>>(): T;
}

export interface TestApi {
  readonly db: TestDatabase;
  readonly config: Config;
  readonly running: Running<NestFastifyApplication>;
  readonly keys: Readonly<Record<'publishable' | 'secret' | 'admin', string>>;
  /** One request through the real HTTP stack (in process). `key` null sends no Authorization header. */
  request(
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    url: string,
    options?: {
      body?: unknown;
      raw?: string | Buffer;
      key?: string | null;
      headers?: Record<string, string>;
    },
  ): Promise<TestAnswer>;
  close(): Promise<void>;
}

export function testConfig(db: TestDatabase, stateDir: string, env: NodeJS.ProcessEnv = {}): Config {
  return readConfig({
    ...env,
    DATABASE_URL: db.url,
    MARQUEE_STATE_DIR: stateDir,
    MARQUEE_API_PORT: '0',
    MARQUEE_LOG_LEVEL: 'silent',
  });
}

interface StageOptions {
  /** Served decisions come into their table by themselves; otherwise only where a worker runs, so that they disturb nobody. */
  readonly storesDecisions?: boolean;
}

/**
 * The whole HTTP application on a database of its own.
 * @param env variables beyond those that every test needs.
 */
export async function startTestApi(
  env: NodeJS.ProcessEnv = {},
  { storesDecisions = false }: StageOptions = {},
): Promise<TestApi> {
  const db = await createTestDatabase();
  const stateDir = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-test-'));
  const config = testConfig(db, stateDir, env);
  const keys = await seedKeys(db.database, stateDir);
  const running = await createApi(config);
  if (!storesDecisions) {
    const producer = running.app.get(IngestProducer, { strict: false });
    running.app.get(DecisionShipping, { strict: false }).ship = (batch) => producer.ship(batch);
  }
  await running.app.init();
  await running.app.getHttpAdapter().getInstance().ready();
  return {
    db,
    config,
    running,
    keys,
    async request(method, url, options = {}) {
      const key = options.key === undefined ? keys.admin : options.key;
      const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
      const answer = await running.app.inject({
        method,
        url,
        headers: {
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...options.headers,
        },
        ...(payload === undefined ? {} : { payload }),
      });
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        json: <T>() => JSON.parse(answer.body) as T,
      };
    },
    async close() {
      await running.close();
      await db.drop();
      fs.rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
