import 'reflect-metadata';
import fs from 'node:fs';
import path from 'node:path';
import {
  createWorld,
  demoReleases,
  demoSeed,
  messageExperiment,
  messagePolicy,
  readyExperiments,
  readyPolicies,
  recommenderExperiments,
  recommenderPolicies,
  recommendersFromDay,
  stackedExperiment,
  stackedPolicies,
} from '#simulation';
import { failBoot } from './bootstrap.js';
import { readConfig } from './config/config.js';
import type { Config } from './config/config.js';
import { clearHistory } from './history/clear-history.js';
import { historyStart, loadHistory } from './history/load-history.js';
import { createDataSource } from './persistence/data-source.js';
import { Database } from './persistence/database.js';

const DAYS = 28;
/** Enough for the seasons of eight genres, in a few seconds. */
const YEAR_MEMBERS = 250;
const STARTED = 'demo.history-started';
const DONE = 'demo.history';

/**
 * Gives the demo world its four weeks of history, once per installation. A start that was killed may have left its
 * loader behind: the next one waits for that and then finds the work done.
 */
async function main(): Promise<void> {
  const config = readConfig();
  // Nobody waits for the single commits of a past: a load that is interrupted begins afresh. What says that it is done is
  // written behind all of them.
  const source = createDataSource(config.databaseUrl, {
    poolSize: 6,
    name: 'marquee-demo',
    settings: '-c synchronous_commit=off',
  });
  await source.initialize();
  const db = new Database(source, config.databaseUrl);
  try {
    await db.transaction(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.demo'))`);
      const [done] = await tx.query(`select 1 from setting where key = $1`, [DONE]);
      if (!done) await load(config, db);
    });
  } finally {
    await source.destroy();
  }
}

/** Plays the history and notes that it is there. Facts are stored by transactions of their own, in the clock's order. */
async function load(config: Config, db: Database): Promise<void> {
  const now = Date.now();
  await startAfresh(db, new Date(now));
  const world = createWorld(demoSeed);
  const from = historyStart(now, DAYS);
  const summary = await loadHistory(db, {
    world,
    from,
    to: now,
    seed: 'history',
    directory: path.join(config.stateDir, 'demo'),
    experiments: [...readyExperiments, stackedExperiment, messageExperiment].map(
      ({ experiment }) => experiment.key,
    ),
    messages: true,
    faulty: { experiment: 'continue-watching-first', arms: ['control', 'continue-first'] },
    recommenders: {
      day: recommendersFromDay,
      experiments: recommenderExperiments.map(({ experiment }) => experiment.key),
      policies: recommenderPolicies.map(({ id }) => id),
      shelf: { from, releases: demoReleases(demoSeed, from, DAYS) },
      yearMembers: YEAR_MEMBERS,
    },
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
        from,
      }),
    ],
  );
  process.stdout.write(`${summary.decisions} decisions, ${summary.events} events\n`);
}

/** An earlier load that was interrupted leaves half a past: it goes, and the load begins anew. */
async function startAfresh(db: Database, now: Date): Promise<void> {
  const [started] = await db.query<{ updated_at: Date }>(`select updated_at from setting where key = $1`, [
    STARTED,
  ]);
  if (started) {
    await clearHistory(
      db,
      started.updated_at,
      [...readyPolicies, ...stackedPolicies, messagePolicy, ...recommenderPolicies].map(({ id }) => id),
    );
  }
  await db.query(
    `insert into setting (key, value, updated_at) values ($1, 'true', $2)
     on conflict (key) do update set updated_at = excluded.updated_at`,
    [STARTED, now],
  );
}

main().catch(failBoot);
