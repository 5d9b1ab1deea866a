import type { Sql, Transaction } from '../../persistence/database.js';
import type { Database } from '../../persistence/database.js';
import { COMPLETION_FEATURE, RETURN_FEATURE } from '#policies';
import type { TrainingSet } from '#policies';
import { DEFAULT_MEMORY_MB } from '../fit.js';
import type { FitRunner } from '../fit-runner.js';
import { findPolicyRow } from '../policy-row.js';
import { eachRow, readTrainingSet } from '../training-data.js';
import type { TradeOffFindings, TradeOffTask } from './study.js';
import { withoutTradeOff } from './trade-off-row.js';
import type { TradeOffRow } from './trade-off-row.js';

const DAY_MS = 86_400_000;
/** Digits of a rate that are kept: more would make the catalogue change without need. */
const DIGITS = 4;

/** One run: claim, read a dated cut, study in a process of its own, keep the curve and the rates of titles. */
export class RunTradeOff {
  constructor(
    private readonly db: Database,
    private readonly runner: FitRunner,
  ) {}

  /**
   * @param progress called with the share done, in [0, 1].
   * @returns how the run ended; a failure of the run itself is recorded in its row, not thrown.
   */
  async run(id: string, progress: (share: number) => void): Promise<TradeOffRow['status']> {
    const [row] = await this.db.query<TradeOffRow & Record<string, unknown>>(
      `update trade_off_run set status = 'running', progress = 0, started_at = coalesce(started_at, now())
       where id = $1 and status in ('queued', 'running') returning *`,
      [id],
    );
    if (!row) return (await this.statusOf(id)) ?? 'failed';
    try {
      const task = await this.db.transaction((tx) => readTask(tx, row));
      progress(0.1);
      const found = await this.runner.study(task, (share) => progress(0.1 + 0.9 * share));
      await this.db.transaction((tx) => keep(tx, id, found));
      return 'succeeded';
    } catch (error) {
      await this.db.query(
        `update trade_off_run set status = 'failed', error = $2, finished_at = now() where id = $1 and status = 'running'`,
        [id, (error as Error).message.slice(0, 2000)],
      );
      return 'failed';
    }
  }

  async note(id: string, share: number): Promise<void> {
    await this.db.query(
      `update trade_off_run set progress = greatest(progress, $2) where id = $1 and status = 'running'`,
      [id, Math.min(1, share)],
    );
  }

  private async statusOf(id: string): Promise<TradeOffRow['status'] | null> {
    const [row] = await this.db.query<{ status: TradeOffRow['status'] }>(
      'select status from trade_off_run where id = $1',
      [id],
    );
    return row?.status ?? null;
  }
}

async function readTask(
  tx: Transaction,
  { policy_id: policyId, settings }: TradeOffRow,
): Promise<TradeOffTask> {
  await tx.query('set transaction isolation level repeatable read, read only');
  const policy = await findPolicyRow(tx, policyId);
  if (!policy) throw new Error(`the policy "${policyId}" does not exist`);
  if (policy.reward === null)
    throw new Error('the policy has no reward definition: nothing says which outcomes count');
  const cut = new Date();
  const data = await readTrainingSet(tx, policy.reward, cut);
  if (data.at.length === 0) throw new Error('there are no counting outcomes yet');
  const { params, setting } = withoutTradeOff(policy.params);
  return {
    study: 'trade-off',
    key: policy.key,
    params,
    seed: settings.seed,
    data,
    completed: await completedOf(tx, data, settings, cut),
    current: setting ?? { relevance: 1 },
    features: settings.features ?? [],
    // Runs that were asked for by an earlier version have none.
    alsoTry: settings.alsoTry ?? [],
    returnDays: settings.returnDays,
    until: cut.getTime(),
    memoryMb: policy.training?.memoryMb ?? DEFAULT_MEMORY_MB,
  };
}

/** For each row whether the unit completed the item within the days after it. */
async function completedOf(
  tx: Transaction,
  data: TrainingSet,
  { completion, completeDays }: TradeOffRow['settings'],
  cut: Date,
): Promise<Uint8Array> {
  const times = new Map<string, number[]>();
  await tx.query(
    `declare completions no scroll cursor for
     select unit_id, coalesce(item_id, action_id) as item, at from event
     where kind = 'outcome' and name = $1 and at < $2 and coalesce(item_id, action_id) is not null`,
    [completion, cut],
  );
  await eachRow<{ unit_id: string; item: string; at: Date }>(
    tx,
    'completions',
    ({ unit_id: unit, item, at }) => {
      const key = `${unit}\n${item}`;
      const list = times.get(key);
      if (list) list.push(at.getTime());
      else times.set(key, [at.getTime()]);
    },
  );
  const latest = completeDays * DAY_MS;
  return Uint8Array.from(data.at, (at, row) => {
    const key = `${data.units[data.unit[row] as number] ?? ''}\n${data.items[data.item[row] as number] ?? ''}`;
    return Number(times.get(key)?.some((time) => time >= at && time <= at + latest) ?? false);
  });
}

/** The curve, and the rates beside the registered features of the titles, from where serving steers by them. */
async function keep(tx: Sql, id: string, { result, rates }: TradeOffFindings): Promise<void> {
  await tx.query(
    `update trade_off_run set status = 'succeeded', progress = 1, result = $2::jsonb, finished_at = now() where id = $1`,
    [id, JSON.stringify(result)],
  );
  const rounded = (values: readonly number[]): number[] =>
    values.map((value) => Number(value.toFixed(DIGITS)));
  await tx.query(
    `update item i set updated_at = now(), features = i.features ||
       jsonb_build_object('${COMPLETION_FEATURE}', r.completion, '${RETURN_FEATURE}', r.come_back)
     from unnest($1::text[], $2::float8[], $3::float8[]) as r (id, completion, come_back) where r.id = i.id`,
    [rates.items, rounded(rates.completion), rounded(rates.returning)],
  );
  await tx.query(`select pg_notify('marquee_catalog', '')`);
}
