import { Redis, Cluster } from 'ioredis';
import pg from 'pg';
import { runMigrations, setDefaultBackendFactory } from 'bullmq';
import type { QueueOptions } from 'bullmq';
import type { Config } from '../config/config.js';
import { createRetryingBackend } from './postgres-backend.js';

/** What a process does with the queues: producers fail fast, workers wait for ever. */
export type QueueUse = 'produce' | 'work';

/** Where the queues live and how to reach them. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  /** Connection (and key prefix) of one queue or of one worker. */
  optionsFor(queue: string): Pick<QueueOptions, 'connection' | 'prefix'>;
  /** Makes the storage ready, or refuses with one sentence that says what to change. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

type Place = Pick<Config, 'databaseUrl' | 'redisUrl' | 'redisClusterNodes'>;

/**
 * Chooses where the queues live: Redis when REDIS_URL or REDIS_CLUSTER_NODES is set, otherwise the same PostgreSQL as
 * the facts. Never by what happens to be installed. Must run before Nest creates its first queue.
 */
export function createQueueBackend(config: Place, use: QueueUse): QueueBackend {
  const redis = config.redisUrl !== null || config.redisClusterNodes.length > 0;
  const backend = redis ? new RedisBackend(config, use) : new PostgresBackend(config.databaseUrl, use);
  // The factory's connection type is PostgreSQL's own; Queue and Worker are typed for Redis by default.
  setDefaultBackendFactory(redis ? undefined : createRetryingBackend);
  return backend;
}

class PostgresBackend implements QueueBackend {
  readonly kind = 'postgres';

  constructor(
    private readonly url: string,
    private readonly use: QueueUse,
  ) {}

  optionsFor(): Pick<QueueOptions, 'connection'> {
    const worker = this.use === 'work';
    const connection = {
      connectionString: this.url,
      schema: 'bullmq',
      max: worker ? 6 : 4,
      // A worker's own transitions need no flush of their own: they stand behind the facts in the same write-ahead
      // log, and a transition that is lost with the server only means that the job runs again.
      options: worker ? '-c synchronous_commit=off' : '-c synchronous_commit=on',
      connectionTimeoutMillis: worker ? 10_000 : 1_500,
      query_timeout: worker ? 60_000 : 5_000,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
    };
    return { connection: connection as unknown as QueueOptions['connection'] };
  }

  async prepare(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 10_000 });
    await client.connect();
    try {
      // Every process prepares at its start; one after another, or they wait for each other's locks.
      await client.query(`select pg_advisory_lock(hashtext('marquee.queue-schema'))`);
      await runMigrations(client);
      // Payloads are written once, read once and deleted: compressing them costs more than it saves.
      await client.query(`
        do $$ begin
          if exists (select from pg_attribute where attrelid = 'bullmq.job'::regclass and attname = 'data' and attstorage <> 'e') then
            alter table bullmq.job alter column data set storage external;
          end if;
        end $$`);
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    // Queues and workers own their pools.
  }
}

class RedisBackend implements QueueBackend {
  readonly kind = 'redis';
  private readonly client: Redis | Cluster;

  constructor(config: Place, use: QueueUse) {
    this.client = connectRedis(config, use);
    // Callers see failed commands; without a listener ioredis would print every retry.
    this.client.on('error', () => undefined);
  }

  optionsFor(queue: string): Pick<QueueOptions, 'connection' | 'prefix'> {
    // One hash tag per queue: all keys of a queue on one node of a cluster, the queues spread over the nodes.
    return {
      connection: this.client as unknown as NonNullable<QueueOptions['connection']>,
      prefix: `{marquee-${queue}}`,
    };
  }

  async prepare(): Promise<void> {
    await ready(this.client);
    const nodes = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    for (const node of nodes) checkRedis(await node.info());
  }

  async close(): Promise<void> {
    // QUIT would wait for a server that is not there.
    if (this.client.status === 'ready') await this.client.quit().catch(() => undefined);
    this.client.disconnect();
  }
}

function connectRedis(config: Place, use: QueueUse): Redis | Cluster {
  const options =
    use === 'work'
      ? { maxRetriesPerRequest: null, connectTimeout: 10_000 }
      : { maxRetriesPerRequest: 1, enableOfflineQueue: false, connectTimeout: 1_500, commandTimeout: 5_000 };
  if (config.redisClusterNodes.length === 0) return new Redis(config.redisUrl ?? '', options);
  const nodes = config.redisClusterNodes.map((node) => {
    const [host = '127.0.0.1', port = '6379'] = node.split(':');
    return { host, port: Number(port) };
  });
  return new Cluster(nodes, { enableOfflineQueue: use === 'work', redisOptions: options });
}

function ready(client: Redis | Cluster, withinMs = 5_000): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    let last = 'no answer';
    const onError = (error: Error): void => void (last = error.message);
    const timer = setTimeout(() => finish(new Error(`Redis is not reachable: ${last}`)), withinMs);
    const onReady = (): void => finish();
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      client.off('ready', onReady);
      client.off('error', onError);
      if (error) reject(error);
      else resolve();
    };
    client.on('ready', onReady);
    client.on('error', onError);
  });
}

/**
 * Refuses a Redis that may forget jobs.
 * @param info answer of INFO.
 * @throws Error with the setting to change.
 */
export function checkRedis(info: string): void {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = field('maxmemory_policy');
  if (policy !== 'noeviction') {
    throw new Error(
      `Redis would evict jobs: set maxmemory-policy to noeviction (it is ${policy ?? 'not told'})`,
    );
  }
  if (field('aof_enabled') !== '1') {
    throw new Error('Redis would lose acknowledged events in a restart: set appendonly to yes');
  }
}
