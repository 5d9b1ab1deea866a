import 'reflect-metadata';
import fs from 'node:fs';
import path from 'node:path';
import { createWorld, demoSeed, readyExperiments } from '#simulation';
import { failBoot } from './bootstrap.js';
import { readConfig } from './config/config.js';
import { historyStart, loadHistory } from './history/load-history.js';
import { createDataSource } from './persistence/data-source.js';
import { Database } from './persistence/database.js';

const DAYS = 28;
const DONE = 'demo.history';

/** Gives the demo world its four weeks of history, once per installation. */
async function main(): Promise<void> {
  const config = readConfig();
  const source = createDataSource(config.databaseUrl, { poolSize: 6, name: 'marquee-demo' });
  await source.initialize();
  const db = new Database(source, config.databaseUrl);
  try {
    const [done] = await db.query(`select 1 from setting where key = $1`, [DONE]);
    if (done) return;
    const now = Date.now();
    const world = createWorld(demoSeed);
    const summary = await loadHistory(db, {
      world,
      from: historyStart(now, DAYS),
      to: now,
      seed: 'history',
      directory: path.join(config.stateDir, 'demo'),
      experiments: readyExperiments.map(({ experiment }) => experiment.key),
    });
    const gone = summary.states.filter((state) => !state.active).map((state) => state.member.id);
    // The live traffic that follows goes on with the members who are left.
    fs.writeFileSync(
      path.join(config.stateDir, 'demo.json'),
      JSON.stringify({ seed: demoSeed, members: world.members.length, gone }),
    );
    await db.query(
      `insert into setting (key, value) values ($1, $2::jsonb) on conflict (key) do update set value = excluded.value, updated_at = now()`,
      [
        DONE,
        JSON.stringify({
          decisions: summary.decisions,
          events: summary.events,
          from: historyStart(now, DAYS),
        }),
      ],
    );
    process.stdout.write(`${summary.decisions} decisions, ${summary.events} events\n`);
  } finally {
    await source.destroy();
  }
}

main().catch(failBoot);
