import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRng } from '#experiments';
import { figureOf } from '../figure.js';
import type { Figure } from '../figure.js';
import { createDatabase, startAndWait, startStack } from '../stack.js';
import type { Ground, Stack } from '../stack.js';
import { auditEvents, readEvents } from './audit-events.js';
import type { EventAudit } from './audit-events.js';
import { auditLearning } from './audit-learning.js';
import type { LearningAudit } from './audit-learning.js';
import { auditRollups } from './audit-rollups.js';
import type { RollupAudit } from './audit-rollups.js';
import { Ledger } from './ledger.js';
import { Client, createWorld } from './load.js';

const KILLS = 20;
const CLIENTS = 3;
const LONGEST_PAUSE_MS = 1500;
const MOST_SETTLE_SECONDS = 120;

export interface CrashResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** Requests without an answer, and batches sent again with the same ids. */
  readonly failures: number;
  readonly repeats: number;
  /** Answered decisions without a record; every answer waits for its record, so there is none. */
  readonly decisions: number;
  readonly decisionsLost: number;
  readonly settleSeconds: number;
  readonly events: EventAudit;
  readonly rollups: RollupAudit;
  readonly learning: LearningAudit;
}

/** Kills API and worker in turns under load, lets the survivors finish, and audits everything that was stored. */
export async function crashRun(
  databaseUrl: string,
  stateDir: string,
  kills: number,
  seed: string,
): Promise<{ result: CrashResult; ledger: Ledger }> {
  const stack = await startStack(databaseUrl, stateDir);
  const ledger = new Ledger();
  try {
    await createWorld(stack);
    const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(stack, ledger, `${seed}-${i}`));
    const running = Promise.all(clients.map((client) => client.run()));
    // A client that fails ends the killing as well.
    await Promise.race([running, killInTurns(stack, kills, seed)]);
    clients.forEach((client) => client.stop());
    await running;
    const began = Date.now();
    await settled(stack, ledger);
    const settleSeconds = (Date.now() - began) / 1000;
    return { ledger, result: await audit(stack, ledger, kills, settleSeconds) };
  } finally {
    await stack.close();
  }
}

/** SIGKILL at a random moment; started again at once, as `npm run up` does. */
async function killInTurns(stack: Stack, kills: number, seed: string): Promise<void> {
  const rng = createRng(seed);
  await sleep(1000);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(200 + rng.uniform() * LONGEST_PAUSE_MS);
    const victim = kill % 2 === 0 ? stack.worker : stack.api;
    await victim.kill();
    await startAndWait(stack, victim);
  }
}

const WAITING = `
select (select count(*)::int from bullmq.job where queue = 'ingest' and state in ('waiting', 'active', 'delayed')) as jobs,
  (select count(*) from reward_due where due_at <= now()) + (select count(*) from reward where version = 0) as rewards,
  coalesce((select through from rollup_state where name = 'facts'), 0) >
    greatest((select max(txid) from event), (select max(txid) from decision)) as rolled_up,
  (select count(*) from event)::int as events, (select count(*) from decision)::int as decisions`;

/** Segments of the journal that are not shipped; an idle one is gone after a second. */
const spooled = (stack: Stack): number =>
  fs.readdirSync(path.join(stack.stateDir, 'spool')).filter((file) => /\.(decisions|events)$/.test(file))
    .length;

/**
 * Waits until all that was acknowledged is stored, learned and rolled up, and nothing moves any more. A killed worker's
 * job is taken over only after 10 to 15 s, and a killed API's journal after 10 s, so both must be seen to be empty.
 */
async function settled(stack: Stack, ledger: Ledger): Promise<void> {
  const deadline = Date.now() + MOST_SETTLE_SECONDS * 1000;
  let before = '';
  for (let calm = 0; calm < 8 && Date.now() < deadline; await sleep(500)) {
    const { rows } = await stack.client.query<{
      jobs: number;
      rewards: string;
      rolled_up: boolean;
      events: number;
      decisions: number;
    }>(WAITING);
    const row = rows[0];
    const now = JSON.stringify(row);
    const done =
      row?.jobs === 0 &&
      spooled(stack) === 0 &&
      row.rewards === '0' &&
      row.rolled_up &&
      row.events >= ledger.acknowledged.size;
    calm = done && now === before ? calm + 1 : 0;
    before = now;
  }
}

async function audit(
  stack: Stack,
  ledger: Ledger,
  kills: number,
  settleSeconds: number,
): Promise<CrashResult> {
  const events = await readEvents(stack.client);
  const { rows } = await stack.client.query<{ id: string }>('select id from decision');
  const stored = new Set(rows.map(({ id }) => id));
  return {
    kills,
    acknowledged: ledger.acknowledged.size,
    stored: events.length,
    failures: ledger.failures,
    repeats: ledger.repeats,
    decisions: ledger.decisions.size,
    decisionsLost: [...ledger.decisions].filter((id) => !stored.has(id)).length,
    settleSeconds,
    events: await auditEvents(stack.client, ledger, events),
    rollups: await auditRollups(stack.client, events),
    learning: await auditLearning(stack.client, stack.databaseUrl, events),
  };
}

/** Everything that must be zero. */
export function faultsOf(result: CrashResult): number {
  const { events, rollups, learning } = result;
  return (
    result.decisionsLost +
    events.lost +
    events.duplicates +
    events.altered +
    events.quarantined +
    rollups.wrongUnits +
    rollups.wrongMetrics +
    rollups.wrongMoments +
    learning.wrongRewards +
    learning.notLearned +
    Math.abs(learning.usedTwice) +
    learning.wrongTallies +
    (learning.replays ? 0 : 1)
  );
}

/** Twenty kills under load: no acknowledged event lost, none counted twice. */
export async function benchCrash(ground: Ground): Promise<Figure[]> {
  const { result } = await crashRun(
    await createDatabase(ground, 'bench_crash'),
    path.join(ground.stateDir, 'crash'),
    KILLS,
    'bench-crash',
  );
  const figure = figureOf(
    {
      key: 'crash',
      title: `faults after ${KILLS} kills (lost, twice, wrong)`,
      unit: '',
      value: faultsOf(result),
      ceiling: null,
      target: { of: 'value', atMost: 0 },
    },
    {
      acknowledged: result.acknowledged,
      lost: result.events.lost,
      duplicates: result.events.duplicates,
      altered: result.events.altered,
      'batches sent again': result.repeats,
      'requests without an answer': result.failures,
      'stored unacknowledged': result.events.unacknowledged,
      'units rolled up': result.rollups.units,
      'wrong unit metrics': result.rollups.wrongUnits + result.rollups.wrongMetrics,
      'wrong moments': result.rollups.wrongMoments,
      rewards: result.learning.rewards,
      'wrong rewards': result.learning.wrongRewards,
      'used twice': result.learning.usedTwice,
      'not learned': result.learning.notLearned,
      'wrong tallies': result.learning.wrongTallies,
      'replay equals serving': String(result.learning.replays),
      'decisions answered': result.decisions,
      'decision records lost': result.decisionsLost,
      'settled after s': result.settleSeconds,
    },
  );
  return [figure];
}
