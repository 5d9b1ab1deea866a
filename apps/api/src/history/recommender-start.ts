import { policyRegistry } from '#policies';
import { createWorld, playAlone } from '#simulation';
import type { Shelf, World } from '#simulation';
import type { Database } from '../persistence/database.js';
import { InlineFitRunner } from '../policies/fit-runner.js';
import { lockPolicy } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { storeState } from '../policies/snapshot-state.js';
import { insertSnapshot } from '../policies/snapshot-store.js';
import { TrainPolicy } from '../policies/train-policy.js';
import { insertRun } from '../policies/training-runs.service.js';

const DAY_MS = 86_400_000;

/** How recommenders come into a simulated past: later than the rest, when there is something to learn from. */
export interface RecommenderStart {
  /** Days after the history's begin on which they are trained and their experiments start. */
  readonly day: number;
  readonly experiments: readonly string[];
  readonly policies: readonly string[];
  /** The places that show titles, by the world's own calendar. */
  readonly shelf: Shelf;
  /** Members of the year before the history, of which policies that learn online are given the plays. */
  readonly yearMembers: number;
}

/** Until they start, the experiments serve nobody. */
export async function holdBack(db: Database, experiments: readonly string[]): Promise<void> {
  await db.query(`update experiment set status = 'draft' where key = any($1)`, [experiments]);
}

/**
 * Trains every policy on the past as a training run does, and starts the experiments.
 * @param at the simulated time. @param yearEnd the same in the world's own calendar, Unix milliseconds.
 * @throws Error with the run's own explanation when one fails.
 */
export async function startRecommenders(
  db: Database,
  world: World,
  { experiments, policies, yearMembers }: RecommenderStart,
  at: number,
  yearEnd: number,
): Promise<void> {
  for (const id of policies) {
    const policy = await db.transaction((tx) => lockPolicy(tx, id, true));
    if (!policy) throw new Error(`there is no policy "${id}"`);
    if (policyRegistry.get(policy.key).learns === 'batch') await train(db, policy, at);
    else await giveYear(db, world, policy, { members: yearMembers, at, yearEnd });
  }
  await db.query(`update experiment set status = 'running', started_at = $2 where key = any($1)`, [
    experiments,
    new Date(at),
  ]);
  await db.query(`update experiment_phase set started_at = $2 where experiment = any($1)`, [
    experiments,
    new Date(at),
  ]);
}

async function train(db: Database, policy: PolicyRow, at: number): Promise<void> {
  const body = {
    seed: `history of ${policy.id}`,
    cutAt: new Date(at).toISOString(),
    promote: 'auto' as const,
    begin: 'scratch' as const,
  };
  const { id } = await db.transaction((tx) => insertRun(tx, policy, body));
  if ((await new TrainPolicy(db, new InlineFitRunner()).run(id, () => undefined)) !== 'succeeded') {
    const [run] = await db.query<{ error: string }>(`select error from training_run where id = $1`, [id]);
    throw new Error(`the training of "${policy.id}" failed: ${run?.error ?? 'no reason given'}`);
  }
  await db.query(`update training_run set created_at = $2, started_at = $2, finished_at = $2 where id = $1`, [
    id,
    new Date(at),
  ]);
}

/** A first state from the plays of the year before: an online learner would take a year to know the seasons. */
async function giveYear(
  db: Database,
  world: World,
  row: PolicyRow,
  { members, at, yearEnd }: { readonly members: number; readonly at: number; readonly yearEnd: number },
): Promise<void> {
  const policy = policyRegistry.get(row.key);
  if (policy.learns !== 'online' || !policy.warmStart) return;
  const few = createWorld(world.seed, { members, titles: world.size.titles });
  const { log } = await playAlone(few, {
    from: yearEnd - 365 * DAY_MS,
    to: yearEnd,
    seed: 'the year before',
  });
  const plays = log.until(yearEnd, few);
  // The policy lives by the calendar of the installation.
  const data = { ...plays, at: plays.at.map((time) => time + at - yearEnd) };
  const params = policy.params.parse(row.params);
  const state = storeState(policy, policy.warmStart(data, params));
  await db.transaction(async (tx) => {
    const version = row.latest_version + 1;
    await insertSnapshot(tx, {
      policyId: row.id,
      version,
      stateVersion: policy.stateVersion,
      params: row.params,
      state,
      status: 'accepted',
      reason: `begins with the plays of ${members} members in the year before`,
      rowsUsed: data.at.length,
      meanReward: null,
      learnedThrough: new Date(at),
      now: new Date(at),
    });
    await tx.query(`update policy set latest_version = $2, serving_version = $2 where id = $1`, [
      row.id,
      version,
    ]);
  });
}
