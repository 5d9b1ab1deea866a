import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDataSource } from '../src/persistence/data-source.js';
import { Database } from '../src/persistence/database.js';
import { migrate } from '../src/persistence/migrate.js';

/** A migrated, empty database of its own on the test server. */
export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  drop(): Promise<void>;
}

/** URL of the test server, which `npm test` has started. */
function serverUrl(): string {
  const given = process.env['TEST_DATABASE_URL'];
  if (!given) throw new Error('TEST_DATABASE_URL is not set: run the tests with `npm test`.');
  return given;
}

async function admin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates a database by copying a migrated template, which takes tens of milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `t_${randomBytes(6).toString('hex')}`;
  const template = `template_${createHash('sha256').update(String(process.ppid)).digest('hex').slice(0, 12)}`;
  const urlOf = (database: string): string => {
    const url = new URL(server);
    url.pathname = `/${database}`;
    return url.toString();
  };
  await admin(server, async (client) => {
    await client.query(`select pg_advisory_lock(hashtext('marquee.test-template'))`);
    const found = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (found.rowCount === 0) {
      await client.query(`create database ${template}`);
      try {
        await migrate(urlOf(template));
      } catch (error) {
        await client.query(`drop database if exists ${template} with (force)`);
        throw error;
      }
    }
    await client.query(`create database ${name} template ${template}`);
    await client.query(`select pg_advisory_unlock(hashtext('marquee.test-template'))`);
  });
  const url = urlOf(name);
  const source = createDataSource(url, { poolSize: 8, name: 'marquee-test' });
  await source.initialize();
  return {
    url,
    database: new Database(source, url),
    async drop() {
      if (source.isInitialized) await source.destroy();
      await admin(server, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
