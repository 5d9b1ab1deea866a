import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { migrations } from '../../../../migrations/index.js';
import { entities } from './entities/index.js';

/** One DataSource per process: entities for configuration, reviewed SQL through Database for facts. */
export function createDataSource(
  url: string,
  options: {
    readonly poolSize?: number;
    readonly name?: string;
    /** Settings of the server for these connections, as command line options of it. */
    readonly settings?: string;
  } = {},
): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    applicationName: options.name ?? 'marquee',
    synchronize: false,
    logging: false,
    extra: {
      max: options.poolSize ?? 10,
      connectionTimeoutMillis: 5000,
      idleTimeoutMillis: 30_000,
      ...(options.settings === undefined ? {} : { options: options.settings }),
    },
  });
}
