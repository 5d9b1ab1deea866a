import type { Json, Registry } from '#experiments';
import { policyRegistry } from '#policies';
import type { DecisionRequest, Policy } from '#policies';
import type { Database, Sql } from '../persistence/database.js';
import { staleFeatures, staleSentence } from '../persistence/feature-changes.js';
import type { StaleFeature } from '../persistence/feature-changes.js';
import { readsOf } from '../persistence/feature-reads.js';
import { readRules, titleFeatures } from '../persistence/feature-rules.js';
import { newestRequests } from './current-probabilities.js';
import { DEFAULT_MEMORY_MB, dataCutOf, isClearlyWorse } from './fit.js';
import type {
  CurvePoint,
  DataCut,
  FitEvaluation,
  FitResult,
  FitTask,
  RunProgress,
  ServingModel,
} from './fit.js';
import { CheckpointStore } from './checkpoint-store.js';
import { FitInterrupted } from './fit-runner.js';
import type { FitRunner } from './fit-runner.js';
import { findPolicyRow, lockPolicy, notifySnapshot } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import { gate } from './snapshot-state.js';
import { insertSnapshot, readSnapshot, stateOf } from './snapshot-store.js';
import type { SnapshotStatus } from './snapshot-store.js';
import { readTrainingSet } from './training-data.js';
import type { TrainingRunRow } from './training-run-row.js';

/** Points of a curve that are kept: more than a chart can show. */
const MOST_POINTS = 500;

/** At most MOST_POINTS of a curve, spread evenly, with its last one. */
function thinned(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  if (curve.length <= MOST_POINTS) return curve;
  const step = (curve.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, i) => curve[Math.round(i * step)] as CurvePoint);
}

/** How often the process of one run may be ended from outside while its worker lives. */
const MOST_ATTEMPTS = 3;

/** Models of training runs that are kept beside the one that serves. */
const KEEP_MODELS = 10;

/**
 * One training run: claim, read a dated cut, fit and evaluate, publish. Publishing is one transaction; a run that is
 * taken up again after a crash starts from its row and ends once. With `promote: auto` the new version serves unless
 * it is clearly worse than the serving one on data that neither has seen, or the policy needs a yes of the gate.
 */
export class TrainPolicy {
  private readonly checkpoints: CheckpointStore;

  constructor(
    private readonly db: Database,
    private readonly runner: FitRunner,
    private readonly registry: Registry<Policy> = policyRegistry,
  ) {
    this.checkpoints = new CheckpointStore(db);
  }

  /**
   * @param progress called with the share done, in [0, 1], and the training curve up to now.
   * @returns how the run ended; a failure of the run itself is recorded in its row, not thrown.
   * @throws Error when another run of the policy is going on, or the infrastructure fails: try again.
   */
  async run(
    runId: string,
    progress: (share: number, curve: readonly CurvePoint[]) => void,
  ): Promise<TrainingRunRow['status']> {
    const run = await this.claim(runId);
    if (run.status !== 'running') return run.status;
    const curve: CurvePoint[] = [];
    try {
      const { policy, serving, data, featureVersion } = await this.read(run);
      const cut = { ...dataCutOf(data), ...(featureVersion === 0 ? {} : { featureVersion }) };
      await this.noteData(runId, cut);
      progress(0.05, curve);
      const memoryMb = policy.training?.memoryMb ?? DEFAULT_MEMORY_MB;
      const task = { key: policy.key, params: run.params, seed: run.seed, data, serving, memoryMb };
      const fitted = await this.fit(runId, { ...task, begin: run.begin_with }, (share, point) => {
        if (point) curve.push(point);
        progress(0.05 + 0.9 * share, curve);
      });
      await this.publish(run, fitted, curve, cut);
      return 'succeeded';
    } catch (error) {
      await this.db.query(
        `update training_run set status = 'failed', error = $2, curve = $3::jsonb, finished_at = now()
         where id = $1 and status = 'running'`,
        [runId, (error as Error).message.slice(0, 2000), JSON.stringify(thinned(curve))],
      );
      await this.checkpoints.drop(runId);
      return 'failed';
    }
  }

  /** Fits, from the run's checkpoint if it has one, and again from the newest one when the process is ended from outside. */
  private async fit(runId: string, task: FitTask, progress: RunProgress): Promise<FitResult> {
    for (let attempt = 1; ; attempt++) {
      const resume = await this.checkpoints.read(runId);
      try {
        return await this.runner.run({ ...task, resume }, progress, (bytes) =>
          this.checkpoints.keep(runId, bytes),
        );
      } catch (error) {
        await this.checkpoints.settled();
        if (!(error instanceof FitInterrupted) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  /** Notes the share done and the curve of a run that goes on. */
  async note(runId: string, share: number, curve: readonly CurvePoint[] = []): Promise<void> {
    await this.db.query(
      `update training_run set progress = greatest(progress, $2), curve = $3::jsonb where id = $1 and status = 'running'`,
      [runId, Math.min(1, share), JSON.stringify(thinned(curve))],
    );
  }

  /** What is fitted is known before the fit, and stays known where that fails. */
  private async noteData(runId: string, data: DataCut): Promise<void> {
    await this.db.query(`update training_run set data = $2::jsonb where id = $1`, [
      runId,
      JSON.stringify(data),
    ]);
  }

  private claim(runId: string): Promise<TrainingRunRow> {
    return this.db.transaction(async (tx) => {
      const run = await readRun(tx, runId);
      if (run.status === 'succeeded' || run.status === 'failed') return run;
      await lockPolicy(tx, run.policy_id, true);
      const [other] = await tx.query<{ id: string }>(
        `select id from training_run where policy_id = $1 and status = 'running' and id <> $2`,
        [run.policy_id, runId],
      );
      if (other) throw new Error(`the training run ${other.id} of the same policy is going on`);
      await tx.query(
        `update training_run set status = 'running', progress = 0, curve = '[]', started_at = coalesce(started_at, now()) where id = $1`,
        [runId],
      );
      return { ...run, status: 'running' };
    });
  }

  private read(run: TrainingRunRow) {
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const policy = await readPolicy(tx, run.policy_id);
      if (policy.reward === null)
        throw new Error('the policy has no reward definition: nothing says which outcomes count');
      const registered = this.registry.get(policy.key);
      const needs =
        registered.learns === 'batch' ? registered.needs?.(registered.params.parse(run.params)) : undefined;
      const data = await readTrainingSet(tx, policy.reward, run.cut_at, needs);
      if (data.at.length === 0 && !data.catalogue?.length)
        throw new Error(`there are no counting outcomes before ${run.cut_at.toISOString()}`);
      const { version: featureVersion } = await readRules(tx);
      return { policy, serving: await this.readServing(tx, policy), data, featureVersion };
    });
  }

  private async readServing(tx: Sql, policy: PolicyRow): Promise<ServingModel | null> {
    if (policy.serving_version === null) return null;
    const snapshot = await readSnapshot(tx, policy.id, policy.serving_version);
    if (!snapshot || snapshot.state_version !== this.registry.get(policy.key).stateVersion) return null;
    return {
      version: snapshot.version,
      params: snapshot.params,
      state: stateOf(snapshot).json,
      learnedThrough: snapshot.learned_through?.getTime() ?? -Infinity,
    };
  }

  /** Writes the version, moves the pointer where that is wanted, and ends the run. */
  private publish(
    run: TrainingRunRow,
    { state, evaluation }: FitResult,
    curve: readonly CurvePoint[],
    { features, featureVersion = 0 }: DataCut,
  ): Promise<void> {
    return this.db.transaction(async (tx) => {
      const policy = await lockPolicy(tx, run.policy_id, true);
      const current = await readRun(tx, run.id);
      if (!policy || current.status !== 'running') return;
      const registered = this.registry.get(policy.key);
      const probes = await probesOf(tx, policy);
      const terms = {
        params: registered.params.parse(run.params),
        exploration: policy.exploration,
        floor: policy.floor,
      };
      const refused = gate(registered, state, terms, probes);
      const stale = await staleFeatures(
        tx,
        readsOf(policy.key, run.params, features ?? null),
        featureVersion,
      );
      const verdict = verdictOf(refused, run, evaluation, policy.gate_required, stale);
      const version = policy.latest_version + 1;
      await insertSnapshot(tx, {
        policyId: policy.id,
        version,
        stateVersion: registered.stateVersion,
        params: run.params,
        state,
        status: verdict.status,
        reason: verdict.reason,
        rowsUsed: evaluation.data.rows,
        meanReward: null,
        learnedThrough: run.cut_at,
        evaluation: evaluation as unknown as Json,
        trainingRun: run.id,
        featureVersion,
        now: new Date(),
      });
      const serves = verdict.status === 'accepted';
      await tx.query(
        `update policy set latest_version = $2, serving_version = case when $3 then $2 else serving_version end,
           last_learned_at = now() where id = $1`,
        [policy.id, version, serves],
      );
      await endRun(tx, run.id, { refused, evaluation, version, curve });
      await dropOldModels(tx, policy.id);
      if (serves) await notifySnapshot(tx, policy.id);
    });
  }
}

interface Ended {
  readonly refused: string | null;
  readonly evaluation: FitEvaluation;
  readonly version: number;
  readonly curve: readonly CurvePoint[];
}

async function endRun(tx: Sql, id: string, { refused, evaluation, version, curve }: Ended): Promise<void> {
  await tx.query(
    `update training_run set status = $2, progress = 1, evaluation = $3::jsonb, snapshot_version = $4, error = $5,
       curve = $6::jsonb, finished_at = now() where id = $1`,
    [
      id,
      refused === null ? 'succeeded' : 'failed',
      JSON.stringify(evaluation),
      version,
      refused,
      JSON.stringify(thinned(curve)),
    ],
  );
  await tx.query(`delete from training_checkpoint where run_id = $1`, [id]);
}

type Verdict = { status: SnapshotStatus; reason: string | null };

/** @param refused why the state cannot serve; null: it can. */
function verdictOf(refused: string | null, ...about: Parameters<typeof promotion>): Verdict {
  return refused === null ? promotion(...about) : { status: 'rejected', reason: refused };
}

function promotion(
  run: TrainingRunRow,
  evaluation: FitEvaluation,
  gated: boolean,
  stale: readonly StaleFeature[],
): Verdict {
  if (stale.length > 0)
    return {
      status: 'candidate',
      reason: `not promoted: while it was trained, ${staleSentence(stale, 'batch')}`,
    };
  if (run.promote === 'manual') return { status: 'candidate', reason: 'waits to be promoted by hand' };
  if (gated)
    return {
      status: 'candidate',
      reason: 'waits for a yes of the off-policy gate, then for promotion by hand',
    };
  if (!isClearlyWorse(evaluation)) return { status: 'accepted', reason: null };
  const upper = evaluation.serving?.['ndcg@10Difference'].upper ?? 0;
  const reason = `not promoted: NDCG@10 is lower than that of version ${evaluation.serving?.version ?? 0} by at least ${(-upper).toFixed(4)}`;
  return { status: 'candidate', reason };
}

async function readRun(tx: Sql, runId: string): Promise<TrainingRunRow> {
  const [run] = await tx.query<TrainingRunRow & Record<string, unknown>>(
    `select * from training_run where id = $1`,
    [runId],
  );
  if (!run) throw new Error(`the training run ${runId} does not exist`);
  return run;
}

async function readPolicy(tx: Sql, id: string): Promise<PolicyRow> {
  const policy = await findPolicyRow(tx, id);
  if (!policy) throw new Error(`the policy "${id}" does not exist`);
  return policy;
}

/** Real requests, or before the first decision one made of registered items. */
async function probesOf(tx: Sql, policy: PolicyRow): Promise<DecisionRequest[]> {
  const newest = await newestRequests(tx, policy.id, null, 3);
  if (newest.length > 0) return newest;
  const items = await tx.query<{ id: string; features: DecisionRequest['context'] }>(
    `select id, features from item where available order by id limit 20`,
  );
  if (items.length === 0) return [];
  const rules = await readRules(tx);
  const actions = items.map(({ id, features }) => ({ id, features: titleFeatures(rules, features) }));
  return [{ unitId: 'probe', context: {}, subject: null, actions, at: Date.now() }];
}

async function dropOldModels(tx: Sql, policyId: string): Promise<void> {
  await tx.query(
    `delete from policy_snapshot s using policy p
     where p.id = $1 and s.policy_id = $1 and s.training_run is not null and s.version is distinct from p.serving_version
       and s.version not in (
         select version from policy_snapshot where policy_id = $1 and training_run is not null order by version desc limit ${KEEP_MODELS})`,
    [policyId],
  );
}
