import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { ulid } from 'ulid';
import { policyRegistry } from '#policies';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { checkNamedFeatures } from '../persistence/feature-check.js';
import { QUEUES } from '../queues/jobs.js';
import type { TrainJob } from '../queues/jobs.js';
import { below } from './check-setup.js';
import { lockPolicy } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import type { TrainingRunBody } from './policy.schemas.js';
import { toRunView } from './training-run-row.js';
import type { TrainingRunRow, TrainingRunView } from './training-run-row.js';

const MOST_LISTED = 100;

/** Starts and lists training runs. The run is a row first and a job second: the trainer finds rows without a job. */
@Injectable()
export class TrainingRunsService {
  private readonly logger = new Logger('Train');

  constructor(
    @Inject(Database) private readonly db: Database,
    @InjectQueue(QUEUES.train) private readonly queue: Queue<TrainJob>,
  ) {}

  async list(policyId: string): Promise<{ items: TrainingRunView[] }> {
    const found = await this.db.query(`select 1 from policy where id = $1`, [policyId]);
    if (found.length === 0) throw Problem.notFound('The policy', policyId);
    const rows = await this.db.query<TrainingRunRow & Record<string, unknown>>(
      `select * from training_run where policy_id = $1 order by created_at desc, id desc limit $2`,
      [policyId, MOST_LISTED],
    );
    return { items: rows.map(toRunView) };
  }

  /** @throws Problem 409 when the policy does not learn in training runs or is being trained already. */
  async start(policyId: string, body: TrainingRunBody, acting: Acting): Promise<TrainingRunView> {
    const run = await this.db.transaction(async (tx) => {
      const policy = await lockPolicy(tx, policyId, true);
      if (!policy) throw Problem.notFound('The policy', policyId);
      const row = await insertRun(tx, policy, body);
      await recordChange(tx, acting, {
        action: 'policy.train',
        entity: 'policy',
        entityKey: policyId,
        after: toRunView(row),
      });
      return row;
    });
    try {
      await this.queue.add('train', { trainingRunId: run.id }, { jobId: run.id });
    } catch (error) {
      this.logger.warn(`training run ${run.id} waits for the queue: ${(error as Error).message}`);
    }
    return toRunView(run);
  }
}

/**
 * Writes the row of a new run, under the lock of its policy.
 * @throws Problem 409 as TrainingRunsService.start.
 */
export async function insertRun(
  tx: Transaction,
  policy: PolicyRow,
  body: TrainingRunBody,
  trigger: TrainingRunRow['trigger'] = 'person',
): Promise<TrainingRunRow> {
  const registered = policyRegistry.get(policy.key);
  if (registered.learns !== 'batch') {
    throw Problem.conflict(
      'not_trainable',
      `The policy "${policy.id}" (${policy.key}) does not learn in training runs`,
    );
  }
  if (policy.reward === null) {
    throw Problem.conflict(
      'no_reward',
      `The policy "${policy.id}" has no reward definition: nothing says which outcomes count`,
    );
  }
  const params = { ...policy.params, ...body.params };
  below('/params', () => registered.params.parse(params));
  if (body.params !== undefined) await checkNamedFeatures(tx, policy.key, params);
  const [open] = await tx.query<{ id: string }>(
    `select id from training_run where policy_id = $1 and status in ('queued', 'running')`,
    [policy.id],
  );
  if (open)
    throw Problem.conflict(
      'training_in_progress',
      `The training run "${open.id}" of this policy has not ended yet`,
    );
  const id = `run_${ulid()}`;
  const [row] = await tx.query<TrainingRunRow & Record<string, unknown>>(
    `insert into training_run (id, policy_id, status, seed, params, cut_at, promote, trigger, begin_with)
     values ($1, $2, 'queued', $3, $4::jsonb, coalesce($5::timestamptz, now()), $6, $7, $8) returning *`,
    [
      id,
      policy.id,
      body.seed ?? id,
      JSON.stringify(params),
      body.cutAt ?? null,
      body.promote,
      trigger,
      body.begin,
    ],
  );
  return row as TrainingRunRow;
}
