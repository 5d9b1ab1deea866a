import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { T0, clearLearning, crashingAt, insertPolicy, tastes } from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { FitInterrupted, FitRunner, InlineFitRunner } from './fit-runner.js';
import type { FitResult, FitTask, RunProgress } from './fit.js';
import { TrainPolicy } from './train-policy.js';
import type { TrainingRunRow } from './training-run-row.js';
import { readTrainingSet } from './training-data.js';

const REWARD = {
  outcomes: [
    { name: 'play', value: 'one' },
    { name: 'watch', value: 'value', max: 3600, scale: 1 / 600 },
  ],
  combine: 'sum',
};
const CUT = new Date(T0);

describe('a training run', () => {
  let db: TestDatabase;
  let trainer: TrainPolicy;
  beforeAll(async () => {
    db = await createTestDatabase();
    trainer = new TrainPolicy(db.database, new InlineFitRunner());
  });
  afterAll(() => db.drop());
  beforeEach(async () => {
    await clearLearning(db.database);
    await insertPolicy(db.database, { id: 'titles', key: 'implicit-als', reward: REWARD });
  });

  const insertPlays = async (): Promise<void> => {
    const data = tastes(120, 40, 12, 'world');
    const first = Math.min(...data.at);
    const days = 45;
    await db.database.query(`select ensure_partitions($1::date, $2::date)`, [
      new Date(T0 - days * 86_400_000),
      new Date(T0 + 86_400_000),
    ]);
    const rows = Array.from(data.at, (at, row) => ({
      id: `p${row}`,
      at: new Date(T0 - days * 86_400_000 + (at - first)).toISOString(),
      unit_id: data.units[data.unit[row] as number],
      item_id: data.items[data.item[row] as number],
    }));
    await db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, item_id)
       select id, at, at, unit_id, 'outcome', 'play', item_id
       from jsonb_to_recordset($1::jsonb) as r (id text, at timestamptz, unit_id text, item_id text)`,
      [JSON.stringify(rows)],
    );
  };

  const queueRun = async (
    id: string,
    promote = 'auto',
    params: object = { dimension: 8, iterations: 6 },
  ): Promise<void> => {
    await db.database.query(
      `insert into training_run (id, policy_id, status, seed, params, cut_at, promote) values ($1, 'titles', 'queued', 's', $2::jsonb, $3, $4)`,
      [id, JSON.stringify(params), CUT, promote],
    );
  };
  const runRow = async (id: string): Promise<TrainingRunRow> =>
    (
      await db.database.query<TrainingRunRow & Record<string, unknown>>(
        `select * from training_run where id = $1`,
        [id],
      )
    )[0] as TrainingRunRow;
  const versions = () =>
    db.database.query(
      `select s.version, s.status, s.training_run, s.version = p.serving_version as serving
       from policy_snapshot s join policy p on p.id = s.policy_id order by s.version`,
    );
  const train = (id: string) => trainer.run(id, () => undefined);

  it('streams a dated cut: counting outcomes with an item or action, by time, worth more than nothing', async () => {
    await db.database.query(`select ensure_partitions('2026-04-30', '2026-05-02')`);
    await db.database.query(
      `insert into item (id, kind, title, features) values ('i2', 'title', 'Two', '{"genre": "noir"}')`,
    );
    await db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, value, item_id, action_id) values
       ('d', $1::timestamptz - interval '1 hour', now(), 'u2', 'outcome', 'play', null, 'i1', 'row'),
       ('c', $1::timestamptz - interval '1 hour', now(), 'u1', 'outcome', 'watch', 1200, null, 'i2'),
       ('b', $1::timestamptz - interval '2 hours', now(), 'u2', 'outcome', 'watch', 9999, 'i2', null),
       ('zero', $1::timestamptz - interval '2 hours', now(), 'u3', 'outcome', 'watch', 0, 'i2', null),
       ('nowhere', $1::timestamptz - interval '2 hours', now(), 'u3', 'outcome', 'play', null, null, null),
       ('other', $1::timestamptz - interval '2 hours', now(), 'u3', 'outcome', 'pause', null, 'i1', null),
       ('seen', $1::timestamptz - interval '2 hours', now(), 'u3', 'exposure', null, null, 'i1', null),
       ('late', $1::timestamptz, now(), 'u3', 'outcome', 'play', null, 'i1', null)`,
      [CUT],
    );
    const data = await db.database.transaction((tx) => readTrainingSet(tx, REWARD as never, CUT));
    expect(data.units).toEqual(['u2', 'u1']);
    expect(data.items).toEqual(['i2', 'i1']);
    expect([...data.unit]).toEqual([0, 1, 0]);
    expect([...data.item]).toEqual([0, 0, 1]);
    expect([...data.value]).toEqual([6, 2, 1]);
    expect([...data.at]).toEqual([T0 - 7_200_000, T0 - 3_600_000, T0 - 3_600_000]);
    expect(data.itemFeatures).toEqual([{ genre: 'noir' }, {}]);
  });

  it('reads contexts as the decisions froze them, what each task was asked and answered, and all that was done', async () => {
    await db.database.query(`select ensure_partitions($1::date, $2::date)`, [
      new Date(T0 - 3 * 86_400_000),
      new Date(T0 + 86_400_000),
    ]);
    await db.database.query(
      `insert into decision (id, at, unit_id, unit_type, surface, kind, chosen, propensity, arm_propensity, context, seed, reason)
       select id, $1::timestamptz - interval '30 hours', unit_id, 'member', 'home', 'value', '"x"', 1, 1, context::jsonb, 's', 'DEFAULT'
         from (values ('d1', 'u1', '{"device": "tv"}'), ('d2', 'u2', '{"device": "phone"}')) d (id, unit_id, context)`,
      [CUT],
    );
    await db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, item_id, decision_id)
       select id, $1::timestamptz - hours * interval '1 hour', now(), unit_id, 'outcome', name, item_id, decision_id
         from (values ('p1', 29, 'u1', 'play', 'i1', 'd1'), ('p2', 28, 'u1', 'play', 'i2', 'd2'), ('p3', 27, 'u2', 'play', 'i2', null),
                      ('s1', 26, 'u1', 'search', null, 'd1'), ('f1', 25.5, 'u1', 'search_success', 'i1', null),
                      ('s2', 26, 'u2', 'search', 'i1', 'd2'), ('f2', 25.5, 'u2', 'search_success', 'i2', null),
                      ('s3', 20, 'u2', 'search', 'i1', null), ('f3', 17, 'u2', 'search_success', 'i1', null),
                      ('open', 1, 'u2', 'search', 'i1', null))
              r (id, hours, unit_id, name, item_id, decision_id)`,
      [CUT],
    );
    const tasks = [{ name: 'search', trial: 'search', success: 'search_success', withinHours: 2 }];
    const data = await db.database.transaction((tx) =>
      readTrainingSet(tx, REWARD as never, CUT, { contexts: true, tasks, signals: true }),
    );
    // p2 names a decision that was made for somebody else.
    const contextsOf = (places: Int32Array | undefined) =>
      Array.from(places ?? [], (place) => data.contexts?.[place] ?? null);
    expect(contextsOf(data.context)).toEqual([{ device: 'tv' }, null, null]);
    const [search] = data.tasks ?? [];
    expect(Array.from(search?.unit ?? [], (unit) => data.units[unit])).toEqual(['u1', 'u2', 'u2']);
    expect([...(search?.item ?? [])]).toEqual([-1, data.items.indexOf('i1'), data.items.indexOf('i1')]);
    // One found something; one found another title than it was asked about; one found it too late; one is still open.
    expect([...(search?.label ?? [])]).toEqual([1, 0, 0]);
    expect(contextsOf(search?.context)).toEqual([{ device: 'tv' }, { device: 'phone' }, null]);
    const { signals } = data;
    const told = Array.from(signals?.unit ?? [], (unit, row) => [
      data.units[unit],
      data.items[signals?.item[row] as number],
      signals?.names[signals.name[row] as number],
      signals?.devices[signals.device[row] as number] ?? null,
      signals?.counts[row],
    ]);
    expect(told.slice(0, 5)).toEqual([
      ['u1', 'i1', 'play', 'tv', 1],
      ['u1', 'i2', 'play', null, 1],
      ['u2', 'i2', 'play', null, 1],
      ['u2', 'i1', 'search', 'phone', 0],
      ['u1', 'i1', 'search_success', null, 0],
    ]);
  });

  it('ends in an evaluated version that serves, and tells the serving processes', async () => {
    await insertPlays();
    await queueRun('r1');
    const heard: string[] = [];
    const stop = db.database.listen(['marquee_snapshot'], (_channel, payload) => heard.push(payload));
    const told: number[] = [];
    expect(await trainer.run('r1', (share) => told.push(share))).toBe('succeeded');
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(await versions()).toEqual([{ version: 1, status: 'accepted', training_run: 'r1', serving: true }]);
    const run = await runRow('r1');
    expect(run).toMatchObject({ status: 'succeeded', progress: 1, snapshot_version: 1, error: null });
    const evaluation = run.evaluation as unknown as FitResult['evaluation'];
    expect(evaluation.judgedUnits).toBeGreaterThan(50);
    expect(evaluation['ndcg@10']).toBeGreaterThan(evaluation.popularity['ndcg@10']);
    while (!heard.includes('titles')) await new Promise((resolve) => setTimeout(resolve, 10));
    await stop();
    // Taken up a second time (a job that stalled after its end): nothing happens.
    expect(await train('r1')).toBe('succeeded');
    expect(await versions()).toHaveLength(1);
  });

  it('gives the same version for the same cut and seed', async () => {
    await insertPlays();
    await queueRun('r1');
    await queueRun('r2');
    await train('r1');
    await train('r2');
    const rows = await db.database.query(
      `select count(distinct sha256)::int as distinct, count(*)::int as all from policy_snapshot`,
    );
    expect(rows).toEqual([{ distinct: 1, all: 2 }]);
  });

  it('leaves the serving version alone when it is to be promoted by hand', async () => {
    await insertPlays();
    await queueRun('r1', 'manual');
    await train('r1');
    expect(await versions()).toEqual([
      { version: 1, status: 'candidate', training_run: 'r1', serving: null },
    ]);
  });

  it('leaves it to the gate, where the policy needs a yes', async () => {
    await db.database.query(`update policy set gate_required = true`);
    await insertPlays();
    await queueRun('r1');
    expect(await train('r1')).toBe('succeeded');
    expect(await versions()).toMatchObject([{ version: 1, status: 'candidate', serving: null }]);
  });

  it('records why a run failed', async () => {
    await queueRun('r1');
    expect(await train('r1')).toBe('failed');
    expect(await runRow('r1')).toMatchObject({
      status: 'failed',
      error: `there are no counting outcomes before ${CUT.toISOString()}`,
    });
    await insertPlays();
    await queueRun('r2', 'auto', { dimension: 0 });
    expect(await train('r2')).toBe('failed');
    expect((await runRow('r2')).error).toContain('/dimension');
    expect(await versions()).toEqual([]);
  });

  it('ends once, whichever statement of its publication the process dies at', async () => {
    await insertPlays();
    await queueRun('r1');
    const fitted = await new Promise<FitResult>((resolve) => {
      class Keeping extends InlineFitRunner {
        override async run(...args: Parameters<FitRunner['run']>): Promise<FitResult> {
          const result = await new InlineFitRunner().run(...args);
          resolve(result);
          throw new Error('stop here');
        }
      }
      void new TrainPolicy(db.database, new Keeping()).run('r1', () => undefined);
    });
    class Again extends InlineFitRunner {
      override run(): Promise<FitResult> {
        return Promise.resolve(fitted);
      }
    }
    let ended = false;
    for (let at = 1; !ended; at++) {
      while ((await runRow('r1')).status === 'running')
        await new Promise((resolve) => setTimeout(resolve, 5));
      await db.database.query(`update training_run set status = 'queued', error = null where id = 'r1'`);
      const crashing = crashingAt(db.database, at);
      const status = await new TrainPolicy(crashing.db, new Again())
        .run('r1', () => undefined)
        .catch(() => 'crashed');
      ended = status === 'succeeded';
      expect(await versions()).toHaveLength(ended ? 1 : 0);
    }
    expect(await runRow('r1')).toMatchObject({ status: 'succeeded', snapshot_version: 1 });
  });

  it('goes on from the stored checkpoint when its process is ended, and leaves none behind', async () => {
    await insertPlays();
    await queueRun('r1');
    const resumed: boolean[] = [];
    class Mortal extends FitRunner {
      async run(
        task: FitTask,
        progress: RunProgress,
        keep?: (bytes: Uint8Array) => void,
      ): Promise<FitResult> {
        let left = resumed.length === 0 ? 3 : Infinity;
        const result = await new InlineFitRunner().run({ ...task, keepEveryMs: 0 }, progress, (bytes) => {
          keep?.(bytes);
          if (--left === 0) {
            resumed.push(false);
            throw new FitInterrupted('killed');
          }
        });
        resumed.push(result.evaluation.resumed);
        return result;
      }

      study(): never {
        throw new Error('no study was asked for');
      }
    }
    await new TrainPolicy(db.database, new Mortal()).run('r1', () => undefined);
    expect(resumed).toEqual([false, true]);
    expect(await runRow('r1')).toMatchObject({ status: 'succeeded', snapshot_version: 1 });
    expect(await db.database.query(`select 1 from training_checkpoint`)).toEqual([]);
  });

  it('goes on one at a time for a policy', async () => {
    await insertPlays();
    await queueRun('r1');
    await queueRun('r2');
    await db.database.query(`update training_run set status = 'running' where id = 'r1'`);
    await expect(train('r2')).rejects.toThrow('the training run r1 of the same policy is going on');
    // The interrupted run itself may be taken up again.
    expect(await train('r1')).toBe('succeeded');
    expect(await train('r2')).toBe('succeeded');
    expect(await versions()).toHaveLength(2);
  });

  it('keeps the ten newest models and the one that serves', async () => {
    await insertPlays();
    for (let i = 0; i < 13; i++) {
      await queueRun(`r${i}`, i === 0 ? 'auto' : 'manual', { dimension: 2, iterations: 1 });
      await train(`r${i}`);
    }
    expect((await versions()).map((row) => row['version'])).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });
});
