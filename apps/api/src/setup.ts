import { seedKeys } from './access/seed-keys.js';
import { failBoot } from './bootstrap.js';
import { readConfig } from './config/config.js';
import { createDataSource } from './persistence/data-source.js';
import { Database } from './persistence/database.js';
import { migrate } from './persistence/migrate.js';

/** Prepares an installation: migrations and local keys. Safe to run again. */
async function main(): Promise<void> {
  const config = readConfig();
  const applied = await migrate(config.databaseUrl);
  const source = createDataSource(config.databaseUrl, { poolSize: 1, name: 'marquee-setup' });
  await source.initialize();
  await seedKeys(new Database(source, config.databaseUrl), config.stateDir);
  await source.destroy();
  process.stdout.write(applied.length > 0 ? `migrated: ${applied.join(', ')}\n` : 'schema is up to date\n');
}

main().catch(failBoot);
