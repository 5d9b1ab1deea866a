import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KeyRing } from './access/keys.js';
import { ApiModule } from './api.module.js';
import type { Config } from './config/config.js';
import { checkExperiments } from './experiments/boot-check.js';
import { corsOptions } from './http/cors.js';
import { createAdapter } from './http/fastify.js';
import { serveDocumentation } from './http/openapi.js';
import { ProblemFilter } from './http/problem.filter.js';
import { PinoLogger } from './http/pino-logger.js';
import { createDataSource } from './persistence/data-source.js';
import { Database } from './persistence/database.js';
import { createQueueBackend } from './queues/backend.js';
import type { QueueBackend } from './queues/backend.js';
import { checkPolicies } from './policies/boot-check.js';
import { WorkerModule } from './worker.module.js';

/** A started process: the Nest application and what it holds open. */
export interface Running<T extends INestApplicationContext> {
  readonly app: T;
  readonly database: Database;
  close(): Promise<void>;
}

async function openDatabase(config: Config, name: string, poolSize: number): Promise<Database> {
  const source = createDataSource(config.databaseUrl, { name, poolSize });
  await source.initialize();
  if (await source.showMigrations()) {
    await source.destroy();
    throw new Error(
      'The database schema is older than this program: run `npm run up`, which migrates it, or the migrate command',
    );
  }
  return new Database(source, config.databaseUrl);
}

/** Builds the HTTP application, not listening yet. Boot fails with one sentence when the wiring is not right. */
export async function createApi(config: Config): Promise<Running<NestFastifyApplication>> {
  const logger = new PinoLogger(config.logLevel, 'api');
  const database = await openDatabase(config, 'marquee-api', 10);
  const keys = new KeyRing(database);
  await keys.start();
  const queues = createQueueBackend(config, 'produce');
  try {
    await queues.prepare();
    await checkPolicies(database);
    await checkExperiments(database);
    const adapter = createAdapter(config);
    const app = await NestFactory.create<NestFastifyApplication>(
      ApiModule.of(config, database, keys, queues),
      adapter,
      {
        logger,
        bodyParser: false,
        abortOnError: false,
      },
    );
    app.useGlobalFilters(new ProblemFilter());
    if (config.corsOrigins.length > 0) app.enableCors(corsOptions(config.corsOrigins));
    serveDocumentation(app);
    return { app, database, close: () => closeAll(app, keys, database, queues) };
  } catch (error) {
    await closeAll(null, keys, database, queues);
    throw error;
  }
}

/** Builds the queue application: processors for the roles in the configuration. */
export async function createWorker(config: Config): Promise<Running<INestApplicationContext>> {
  const logger = new PinoLogger(config.logLevel, 'worker');
  const database = await openDatabase(config, 'marquee-worker', 12);
  const keys = new KeyRing(database);
  const queues = createQueueBackend(config, 'work');
  try {
    await queues.prepare();
    await checkPolicies(database);
    await checkExperiments(database);
    const app = await NestFactory.createApplicationContext(WorkerModule.of(config, database, keys, queues), {
      logger,
      abortOnError: false,
    });
    return { app, database, close: () => closeAll(app, keys, database, queues) };
  } catch (error) {
    await closeAll(null, keys, database, queues);
    throw error;
  }
}

async function closeAll(
  app: INestApplicationContext | null,
  keys: KeyRing,
  database: Database,
  queues: QueueBackend,
): Promise<void> {
  await app?.close();
  await queues.close();
  await keys.stop();
  if (database.dataSource.isInitialized) await database.dataSource.destroy();
}

/** Drains and exits on SIGTERM and SIGINT; a second signal, or ten seconds, ends the process at once. */
export function closeOnSignals(running: Running<INestApplicationContext>): void {
  const logger = new Logger('Shutdown');
  let closing = false;
  const stop = (signal: string): void => {
    if (closing) process.exit(1);
    closing = true;
    logger.log(`${signal}: draining`);
    setTimeout(() => process.exit(1), 10_000).unref();
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Ends the process with one sentence. */
export function failBoot(error: unknown): never {
  process.stderr.write(`Marquee did not start. ${(error as Error).message}\n`);
  process.exit(1);
}
