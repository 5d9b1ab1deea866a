import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { actionValues, normalCdf } from '#metrics';
import type { CandidateLog } from '#metrics';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { idOf, insertPolicy } from '../../test/learning.js';
import { actionValuesOf } from './action-values.js';
import type { ActionValuesView } from './action-values.js';

const NOW = Date.now();
const MEANS: Readonly<Record<string, number>> = { a: 0.2, b: 0.35, c: 0.2 };

interface Row {
  readonly id: string;
  readonly at: string;
  readonly unit: string;
  readonly kind: 'action' | 'slate';
  readonly action: string;
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[] | null;
  readonly reward: number | null;
  readonly subject: string;
}

/**
 * The log of a Thompson sampler over two subjects: one has the images a and b, the other a, b and c, whose shares follow
 * a's and b's. Every ninth decision has no distribution, as slates have none, and every tenth has no reward yet.
 */
function thompson(count: number): Row[] {
  const rng = createRng('action values');
  const sums = { a: 1, b: 1 };
  const counts = { a: 2, b: 2 };
  let first = 0.5;
  return Array.from({ length: count }, (_, t): Row => {
    if (t % 100 === 99) {
      const [p, q] = [sums.a / counts.a, sums.b / counts.b];
      first =
        0.05 + 0.9 * normalCdf((p - q) / Math.sqrt((p * (1 - p)) / counts.a + (q * (1 - q)) / counts.b));
    }
    const wide = t % 3 === 0;
    const candidates = wide ? ['c', 'b', 'a'] : ['a', 'b'];
    const probabilities = wide ? [0.2, 0.8 * (1 - first), 0.8 * first] : [first, 1 - first];
    let u = rng.uniform();
    const at = probabilities.findIndex((p) => (u -= p) < 0);
    const action = candidates[Math.max(0, at)] as string;
    const reward = rng.uniform() < (MEANS[action] as number) ? 1 : 0;
    if (action !== 'c') {
      sums[action as 'a' | 'b'] += reward;
      counts[action as 'a' | 'b'] += 1;
    }
    const slate = t % 9 === 8;
    return {
      id: idOf(t),
      at: new Date(NOW - 3_600_000 + 100 * t).toISOString(),
      unit: `u${Math.floor(t / 2)}`,
      kind: slate ? 'slate' : 'action',
      action,
      candidates,
      probabilities: slate ? null : probabilities,
      reward: t % 10 === 9 ? null : reward,
      subject: wide ? 'wide' : 'narrow',
    };
  });
}

const INSERT = `
with row as (
  select * from jsonb_to_recordset($1::jsonb) as r (id text, at timestamptz, unit text, kind text, action text,
    candidates text[], probabilities float8[], reward float8, subject text)),
stored as (
  insert into decision (id, at, unit_id, unit_type, surface, subject, kind, chosen, propensity, arm_propensity, policy_id,
    policy_version, candidates, probabilities, seed, reason, exposed)
  select id, at, unit, 'member', 'title.artwork', subject, kind, to_jsonb(action), 0.5, 1, 'worth', 1, candidates,
    probabilities, 's', 'POLICY', true from row)
insert into reward (decision_id, position, policy_id, subject, action_id, reward, propensity, decision_at, settled_at, version)
select id, 0, 'worth', subject, action, reward, 0.5, at, now(), 1 from row where reward is not null`;

/** What the library says of the rows, in their own order, actions named. */
function expected(rows: readonly Row[], reference?: string): Map<string, object> {
  const counted = rows.filter(({ reward, probabilities }) => reward !== null && probabilities !== null);
  const ids = ['a', 'b', 'c'];
  const starts = [0];
  for (const { candidates } of counted) starts.push((starts.at(-1) as number) + candidates.length);
  const units = [...new Set(counted.map(({ unit }) => unit))];
  const log: CandidateLog = {
    actions: ids.length,
    rewards: counted.map(({ reward }) => reward as number),
    chosen: counted.map(({ action }) => ids.indexOf(action)),
    units: counted.map(({ unit }) => units.indexOf(unit)),
    starts,
    candidates: counted.flatMap(({ candidates }) => candidates.map((id) => ids.indexOf(id))),
    probabilities: counted.flatMap(({ probabilities }) => probabilities ?? []),
  };
  const made = actionValues(log, {
    alpha: 0.05,
    weights: 'past',
    reference: reference === undefined ? undefined : ids.indexOf(reference),
  });
  if (!made.ok) throw new Error(made.reason);
  return new Map(ids.map((id, a) => [id, made.value.actions[a] as object]));
}

/** Sums are in another order of units: all numbers but for rounding. */
function expectSame(got: unknown, want: unknown): void {
  if (typeof want === 'number') expect(got).toBeCloseTo(want, 12);
  else if (want !== null && typeof want === 'object')
    for (const [key, value] of Object.entries(want)) expectSame((got as Record<string, unknown>)[key], value);
  else expect(got).toEqual(want);
}

describe('what each action is worth', () => {
  let api: TestApi;
  const rows = thompson(3000);
  beforeAll(async () => {
    api = await startTestApi();
    const db = api.db.database;
    await db.query(`select ensure_partitions(current_date - 2, current_date + 1)`);
    await insertPolicy(db, { id: 'worth' });
    await db.query(INSERT, [JSON.stringify(rows)]);
    await db.query(`insert into item (id, kind, title) values ('b', 'artwork', 'The close-up')`);
  });
  afterAll(() => api.close());
  const get = async (path: string): Promise<ActionValuesView> =>
    (await api.request('GET', `/v1/policies/worth/action-values${path}`)).json<ActionValuesView>();

  it('is what the library says of the same rows, with those left out counted', async () => {
    const answer = await get('');
    const rewarded = rows.filter(({ reward }) => reward !== null);
    expect(answer).toMatchObject({
      rewarded: rewarded.length,
      leftOut: rewarded.filter(({ kind }) => kind === 'slate').length,
      decisions: rewarded.filter(({ kind }) => kind === 'action').length,
      sample: false,
      reference: 'b',
      referenceIs: 'highest-value',
      actionsLeftOut: 0,
    });
    const want = expected(rows);
    expect(answer.items.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c']);
    for (const item of answer.items) expectSame(item, want.get(item.id));
    expect(answer.items.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(answer.items[0]).toMatchObject({ id: 'b', title: 'The close-up', difference: null });
    for (const { id, value } of answer.items) {
      expect(Math.abs((value.estimate ?? NaN) - (MEANS[id] as number))).toBeLessThan(
        4 * (value.standardError ?? 0),
      );
    }
  });

  it('reads one subject, compares with the action asked for, and refuses one that was none', async () => {
    const answer = await get('?subject=wide&baseline=c&days=2');
    expect([answer.reference, answer.referenceIs]).toEqual(['c', 'asked-for']);
    const want = expected(
      rows.filter(({ subject }) => subject === 'wide'),
      'c',
    );
    for (const item of answer.items) expectSame(item, want.get(item.id));
    const refused = await api.request('GET', '/v1/policies/worth/action-values?baseline=zzz');
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringMatching(/such as [abc], [abc], [abc]/),
    ]);
    expect((await api.request('GET', '/v1/policies/nobody/action-values')).status).toBe(404);
    expect(await get('?subject=nothing')).toMatchObject({ items: [], decisions: 0, reference: null });
  });

  it('says that it is of the newest decisions where there are more than it reads', async () => {
    const cut = await actionValuesOf(api.db.database, 'worth', { days: 30 }, new Date(), 500);
    const newest = rows.filter(({ reward }) => reward !== null).slice(-500);
    expect([cut.sample, cut.decisions + cut.leftOut]).toEqual([true, 500]);
    const want = expected(newest);
    for (const item of cut.items) expectSame(item, want.get(item.id));
  });
});
