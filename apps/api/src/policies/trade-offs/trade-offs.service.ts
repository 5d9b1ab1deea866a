import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { ulid } from 'ulid';
import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import { recordChange } from '../../access/record-change.js';
import type { Acting } from '../../http/acting.js';
import { Problem } from '../../http/problem.js';
import { Database } from '../../persistence/database.js';
import type { Transaction } from '../../persistence/database.js';
import { QUEUES } from '../../queues/jobs.js';
import type { TrainJob } from '../../queues/jobs.js';
import { PoliciesService } from '../policies.service.js';
import type { PolicyView } from '../policy.mapper.js';
import { createPolicySchema } from '../policy.schemas.js';
import { lockPolicy, policyRowOf } from '../policy-row.js';
import type { PolicyRow } from '../policy-row.js';
import { insertSnapshot, readSnapshot, stateOf } from '../snapshot-store.js';
import type { ListTradeOffs, TradeOffBody, TradeOffCandidate } from './trade-off.schemas.js';
import { toTradeOffView, withTradeOff } from './trade-off-row.js';
import type { TradeOffRow, TradeOffView } from './trade-off-row.js';

/** What other weights of several objectives would bring. The run is a row first and a job second, as trainings are. */
@Injectable()
export class TradeOffsService {
  private readonly logger = new Logger('TradeOffs');

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @InjectQueue(QUEUES.train) private readonly queue: Queue<TrainJob>,
  ) {}

  /** The newest first, without their curves. */
  async list(policyId: string, { limit }: ListTradeOffs): Promise<{ items: TradeOffView[] }> {
    await policyRowOf(this.db, policyId);
    const rows = await this.db.query<TradeOffRow & Record<string, unknown>>(
      `select id, policy_id, status, progress, actor, settings, null as result, error, created_at, started_at, finished_at
       from trade_off_run where policy_id = $1 order by created_at desc, id desc limit $2`,
      [policyId, limit],
    );
    return { items: rows.map(toTradeOffView) };
  }

  async get(policyId: string, run: string): Promise<TradeOffView> {
    const [row] = await this.db.query<TradeOffRow & Record<string, unknown>>(
      'select * from trade_off_run where policy_id = $1 and id = $2',
      [policyId, run],
    );
    if (!row) throw Problem.notFound(`A trade-off run of "${policyId}",`, run);
    return toTradeOffView(row);
  }

  /** @throws Problem 409 where the policy learns in no training runs, has no reward, or a run has not ended yet. */
  async start(policyId: string, body: TradeOffBody, acting: Acting): Promise<TradeOffView> {
    const run = await this.db.transaction(async (tx) => {
      const policy = await lockPolicy(tx, policyId, true);
      if (!policy) throw Problem.notFound('The policy', policyId);
      await refuseWhereNot(tx, policy);
      const [row] = await tx.query<TradeOffRow & Record<string, unknown>>(
        `insert into trade_off_run (id, policy_id, status, actor, settings) values ($1, $2, 'queued', $3, $4::jsonb) returning *`,
        [`trade_${ulid()}`, policyId, acting.actor, JSON.stringify(body)],
      );
      const view = toTradeOffView(row as unknown as TradeOffRow);
      await recordChange(tx, acting, {
        action: 'policy.trade-off',
        entity: 'policy',
        entityKey: policyId,
        after: { run: view.id, settings: body } as unknown as Json,
      });
      return view;
    });
    try {
      await this.queue.add('trade-off', { tradeOffRunId: run.id }, { jobId: run.id });
    } catch (error) {
      this.logger.warn(`trade-off run ${run.id} waits for the queue: ${(error as Error).message}`);
    }
    return run;
  }

  /**
   * A new policy with a point's setting: as the one that was studied, learned state included, so that the lab, the gate and
   * an experiment can take it at once. It serves nobody yet.
   */
  async candidate(
    policyId: string,
    run: string,
    { point, id, title }: TradeOffCandidate,
    acting: Acting,
  ): Promise<PolicyView> {
    const { result } = await this.get(policyId, run);
    const chosen = result?.curve.points[point];
    if (!chosen) {
      const count = result?.curve.points.length ?? 0;
      throw Problem.invalid('/point', 'unknown_point', `the run has ${count} points, numbered from 0`);
    }
    const row = await policyRowOf(this.db, policyId);
    const params = withTradeOff(row.params, chosen.setting);
    await this.policies.create(createPolicySchema.parse({ id, title, params, ...settingsOf(row) }), acting);
    await this.db.transaction((tx) => copyState(tx, row, id, params));
    return this.policies.get(id);
  }
}

const settingsOf = (row: PolicyRow) => ({
  key: row.key,
  exploration: row.exploration,
  floor: row.floor,
  reward: row.reward,
  windowSeconds: row.window_seconds,
  graceSeconds: row.grace_seconds,
  learning: row.learning,
  gateRequired: row.gate_required,
});

async function refuseWhereNot(tx: Transaction, policy: PolicyRow): Promise<void> {
  if (policyRegistry.get(policy.key).learns !== 'batch')
    throw Problem.conflict(
      'not_trainable',
      `The policy "${policy.id}" (${policy.key}) does not learn in training runs, so there is nothing to hold out`,
    );
  if (policy.reward === null)
    throw Problem.conflict(
      'no_reward',
      `The policy "${policy.id}" has no reward definition: nothing says which outcomes count`,
    );
  const [open] = await tx.query<{ id: string }>(
    `select id from trade_off_run where policy_id = $1 and status in ('queued', 'running')`,
    [policy.id],
  );
  if (open) throw Problem.conflict('busy', `The run "${open.id}" of this policy has not ended yet`);
}

/** The model that serves becomes version 1 of the new policy. Without one, the new policy waits for its first training. */
async function copyState(
  tx: Transaction,
  from: PolicyRow,
  id: string,
  params: Readonly<Record<string, Json>>,
): Promise<void> {
  if (from.serving_version === null) return;
  const snapshot = await readSnapshot(tx, from.id, from.serving_version);
  if (!snapshot) return;
  await insertSnapshot(tx, {
    policyId: id,
    version: 1,
    stateVersion: snapshot.state_version,
    params,
    state: stateOf(snapshot),
    status: 'accepted',
    reason: `the model of "${from.id}", version ${snapshot.version}`,
    rowsUsed: 0,
    meanReward: null,
    learnedThrough: snapshot.learned_through,
    evaluation: snapshot.evaluation,
    featureVersion: snapshot.feature_version ?? 0,
    now: new Date(),
  });
  await tx.query(
    'update policy set latest_version = 1, serving_version = 1, last_learned_at = now() where id = $1',
    [id],
  );
}
