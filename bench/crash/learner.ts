// One learner as a process of its own, to be killed at any moment: `node learner.js DATABASE_URL POLICY`.
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource } from '../../apps/api/src/persistence/data-source.js';
import { Database } from '../../apps/api/src/persistence/database.js';
import { LearnPolicy } from '../../apps/api/src/policies/learn-policy.js';

const IDLE_MS = 20;

const [databaseUrl, policyId] = process.argv.slice(2);
if (!databaseUrl || !policyId) throw new Error('usage: learner.js DATABASE_URL POLICY');
const source = createDataSource(databaseUrl, { poolSize: 1, name: 'marquee-learner' });
await source.initialize();
const learner = new LearnPolicy(new Database(source, databaseUrl), undefined, { rows: 500 });
process.send?.('ready');
for (;;) {
  const { more, learned } = await learner.run(policyId, new Date());
  if (!more && learned === 0) await sleep(IDLE_MS);
}
