import { seedKeys } from './access/seed-keys.js';
import { failBoot } from './bootstrap.js';
import { readConfig } from './config/config.js';
import { createDataSource } from './persistence/data-source.js';
import { Database } from './persistence/database.js';
import { migrate } from './persistence/migrate.js';
import { Sealer } from './persistence/sealer.js';
import { sealSecrets } from './webhooks/seal-secrets.js';

/** Prepares an installation: migrations, local keys, stored secrets under the newest key. Safe to run again. */
async function main(): Promise<void> {
  const config = readConfig();
  const applied = await migrate(config.databaseUrl);
  const source = createDataSource(config.databaseUrl, { poolSize: 1, name: 'marquee-setup' });
  await source.initialize();
  const db = new Database(source, config.databaseUrl);
  await seedKeys(db, config.stateDir);
  await sealSecrets(db, new Sealer(config));
  await source.destroy();
  process.stdout.write(applied.length > 0 ? `migrated: ${applied.join(', ')}\n` : 'schema is up to date\n');
}

main().catch(failBoot);
