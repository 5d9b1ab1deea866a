import { policyRegistry } from '#policies';
import { newUlid } from '../http/ulid.js';
import type { Database } from '../persistence/database.js';
import { InlineFitRunner } from '../policies/fit-runner.js';
import { TrainPolicy } from '../policies/train-policy.js';

interface Untrained extends Record<string, unknown> {
  readonly id: string;
  readonly key: string;
  readonly params: unknown;
}

/**
 * First versions of the policies that can learn from a catalogue alone, so that a simulated past begins with them. Small
 * catalogues: it blocks the process.
 */
export async function trainOnCatalogue(db: Database, cutAt: Date): Promise<void> {
  const untrained = await db.query<Untrained>(
    `select id, key, params from policy where serving_version is null and reward is not null order by id`,
  );
  const trainer = new TrainPolicy(db, new InlineFitRunner());
  for (const { id, key, params } of untrained) {
    const policy = policyRegistry.find(key);
    if (policy?.learns !== 'batch') continue;
    if (policy.needs?.(policy.params.parse(params)).catalogue === undefined) continue;
    const run = newUlid(Date.now());
    await db.query(
      `insert into training_run (id, policy_id, status, seed, params, cut_at, promote)
       values ($1, $2, 'queued', 'first', $3::jsonb, $4, 'auto')`,
      [run, id, JSON.stringify(params), cutAt],
    );
    const status = await trainer.run(run, () => undefined);
    if (status !== 'succeeded') throw new Error(`the first training run of the policy "${id}" has ${status}`);
  }
}
