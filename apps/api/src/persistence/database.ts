import { Logger } from '@nestjs/common';
import type { Client, PoolClient, QueryResultRow } from 'pg';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** Something that runs reviewed SQL: the pool, or one transaction. */
export interface Sql {
  query<R extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

export interface Transaction extends Sql {
  /** The TypeORM manager of the same transaction, for CRUD on configuration. */
  readonly manager: EntityManager;
  /** The raw connection, for COPY streams. */
  connection(): Promise<PoolClient>;
}

/** Reviewed SQL and transactions over the process's one DataSource. */
export class Database implements Sql {
  constructor(
    readonly dataSource: DataSource,
    private readonly url: string,
    private readonly outer: Transaction | null = null,
  ) {}

  /**
   * This database as seen from inside a transaction: what is begun on it joins that transaction, within a savepoint of its
   * own, so that several use cases happen together or not at all.
   */
  joined(outer: Transaction): Database {
    return new Database(this.dataSource, this.url, outer);
  }

  /** TypeORM's manager: that of the transaction which was joined, if any. */
  get manager(): EntityManager {
    return this.outer?.manager ?? this.dataSource.manager;
  }

  async query<R extends QueryResultRow = QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<R[]> {
    if (this.outer) return this.outer.query<R>(text, values);
    return rowsOf<R>(await this.dataSource.query(text, [...values]));
  }

  /** Runs `work` in one transaction: all of it or nothing. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.outer) return withinSavepoint(this.outer, work);
    const runner = this.dataSource.createQueryRunner();
    await runner.connect();
    await runner.startTransaction();
    try {
      const result = await work({
        manager: runner.manager,
        connection: () => runner.connect() as Promise<PoolClient>,
        query: async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
          rowsOf<R>(await runner.query(text, [...values])),
      });
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /**
   * Calls `handler(channel, payload)` for every notification on the channels, reconnecting for ever; after
   * each (re)connection it calls the handler once per channel with payload '' because notifications may have
   * been missed meanwhile.
   * @returns a function that stops listening.
   */
  listen(
    channels: readonly string[],
    handler: (channel: string, payload: string) => void,
  ): () => Promise<void> {
    const logger = new Logger('Listen');
    let client: Client | null = null;
    let stopped = false;
    let timer: NodeJS.Timeout | null = null;
    const connect = async (): Promise<void> => {
      if (stopped) return;
      const next = new pg.Client({
        connectionString: this.url,
        application_name: 'marquee-listen',
        keepAlive: true,
      });
      let retried = false;
      const retry = (): void => {
        if (stopped || retried) return;
        retried = true;
        next.removeAllListeners('notification');
        timer = setTimeout(() => void connect(), 1000);
      };
      next.on('error', retry);
      next.on('end', retry);
      next.on('notification', (message) => handler(message.channel, message.payload ?? ''));
      try {
        await next.connect();
        client = next;
        for (const channel of channels) await next.query(`listen ${next.escapeIdentifier(channel)}`);
        for (const channel of channels) handler(channel, '');
      } catch (error) {
        logger.warn(`Notifications are not reachable, trying again: ${(error as Error).message}`);
        await next.end().catch(() => undefined);
        retry();
      }
    };
    void connect();
    return async () => {
      stopped = true;
      if (timer) clearTimeout(timer);
      await client?.end().catch(() => undefined);
    };
  }
}

async function withinSavepoint<T>(tx: Transaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
  // A name that is used again hides the outer one until it is released.
  await tx.query('savepoint joined');
  try {
    const result = await work(tx);
    await tx.query('release savepoint joined');
    return result;
  } catch (error) {
    await tx.query('rollback to savepoint joined');
    await tx.query('release savepoint joined');
    throw error;
  }
}

/** TypeORM answers INSERT/SELECT with rows and UPDATE/DELETE with [rows, count]; callers always want rows. */
function rowsOf<R>(result: unknown): R[] {
  if (
    Array.isArray(result) &&
    result.length === 2 &&
    Array.isArray(result[0]) &&
    typeof result[1] === 'number'
  ) {
    return result[0] as R[];
  }
  return (result ?? []) as R[];
}
