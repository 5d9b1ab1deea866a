import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '#experiments';
import { startTestApi } from '../../../test/api.js';
import type { TestApi } from '../../../test/api.js';
import { idOf, insertDecisions, insertEvents } from '../../../test/learning.js';
import { LearnPolicy } from '../learn-policy.js';

const NOW = Date.now();
const HOUR = 3_600_000;
const REWARD = { outcomes: [{ name: 'play' }], combine: 'max' };

interface Row {
  readonly n: number;
  readonly unitId: string;
  readonly action: string;
  readonly reward: number;
  readonly p: number;
  readonly definition?: number;
  readonly withheld?: boolean;
  readonly shadow?: Json;
}

describe('what a policy believes and what its exploration costs', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.db.database.query(`select ensure_partitions(current_date - 2, current_date + 1)`);
  });
  afterAll(() => api.close());

  const create = (body: object) => api.request('POST', '/v1/policies', { body });
  const read = async <T>(path: string): Promise<T> => {
    const answer = await api.request('GET', `/v1/policies/${path}`, { key: api.keys.secret });
    expect([answer.status, answer.status === 200 ? null : answer.text]).toEqual([200, null]);
    return answer.json<T>();
  };

  /** Decisions an hour ago with rewards and propensities as given, settled by hand. */
  const log = async (policyId: string, rows: readonly Row[]): Promise<void> => {
    await insertDecisions(
      api.db.database,
      rows.map(({ n, unitId, action, withheld, shadow }) => ({
        n,
        unitId,
        ...(withheld !== undefined && { withheld }),
        ...(shadow !== undefined && { shadow }),
        policyId,
        action,
        at: NOW - HOUR + n,
        candidates: ['a', 'b'],
      })),
    );
    for (const { n, action, reward, p, definition } of rows) {
      await api.db.database.query(`update decision set propensity = $2 where id = $1`, [idOf(n), p]);
      await api.db.database.query(
        `insert into reward select id, 0, policy_id, subject, $2, $3, $4, at, now(), -1 from decision where id = $1`,
        [idOf(n), action, reward, p],
      );
      await api.db.database.query(`update reward set definition = $2 where decision_id = $1`, [
        idOf(n),
        definition ?? 1,
      ]);
    }
  };

  it('draws what a Beta posterior believes, now and in earlier snapshots', async () => {
    await create({
      id: 'beliefs',
      key: 'thompson-beta',
      title: 'Beliefs',
      reward: REWARD,
      windowSeconds: 60,
      floor: 0.05,
    });
    expect(await read('beliefs/beliefs')).toMatchObject({ items: [], at: null });
    for (const [round, plays] of [0, 1, 2].entries()) {
      const rows = Array.from({ length: 20 }, (_, i) => ({
        n: 100 + round * 20 + i,
        policyId: 'beliefs',
        action: i < 10 ? 'a' : 'b',
        at: NOW - HOUR + round * 1000 + i,
        candidates: ['a', 'b'],
      }));
      await insertDecisions(api.db.database, rows);
      const played = rows.filter(({ action }, i) => (action === 'b' ? i < 18 : i < plays));
      await insertEvents(
        api.db.database,
        played.map(({ n, at }) => ({ id: `e${n}`, n, at: at + 5000 })),
      );
      await new LearnPolicy(api.db.database).run('beliefs', new Date(NOW));
    }
    const view = await read<{
      grid: number[];
      items: { id: string; mean: number; sd: number; probability: number; best: number; density: number[] }[];
    }>('beliefs/beliefs');
    expect(view.items.map(({ id }) => id)).toEqual(['b', 'a']);
    // b: 24 of 30, a: 3 of 30, on a uniform prior.
    expect(view.items[0]?.mean).toBeCloseTo(25 / 32, 12);
    expect(view.items[1]?.mean).toBeCloseTo(4 / 32, 12);
    expect(view.items[0]?.probability).toBeCloseTo(0.95, 4);
    expect(view.items[0]?.best).toBeGreaterThan(0.9999);
    const step = (view.grid[1] as number) - (view.grid[0] as number);
    for (const { density, mean } of view.items) {
      expect(density.reduce((sum, one) => sum + one * step, 0)).toBeCloseTo(1, 9);
      expect(density.reduce((sum, one, i) => sum + one * step * (view.grid[i] as number), 0)).toBeCloseTo(
        mean,
        2,
      );
    }
    const history = await read<{ points: { version: number; probabilities: { b: number } }[] }>(
      'beliefs/beliefs/history',
    );
    expect(history.points.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(history.points[2]?.probabilities.b).toBeCloseTo(0.95, 4);
    // Snapshots that were altered are passed over; if it is the serving one, nothing can be said about now.
    const alter = (version: number) =>
      api.db.database.query(
        `update policy_snapshot set sha256 = repeat('0', 64) where policy_id = 'beliefs' and version = $1`,
        [version],
      );
    await alter(2);
    expect(await read('beliefs/beliefs/history')).toMatchObject({ points: [{ version: 1 }, { version: 3 }] });
    await alter(3);
    expect(await read('beliefs/beliefs')).toMatchObject({ items: [], at: null });
    const { items } = await read<{ items: object[] }>('beliefs/actions');
    expect(items).toMatchObject([
      { decisions: 30, probabilityNow: null },
      { decisions: 30, probabilityNow: null },
    ]);
  });

  it('says who leads, by which evidence, and when the search for the best action is over', async () => {
    const body = { id: 'race', key: 'top-two-thompson', title: 'Race', reward: REWARD, windowSeconds: 60 };
    await create(body);
    const winnerOf = async () =>
      (await read<{ winner: Record<string, number> | null }>('race/beliefs')).winner;
    expect(await winnerOf()).toBeNull();
    const round = async (n: number, count: number, plays: Record<string, number>) => {
      const rows = Array.from({ length: 2 * count }, (_, i) => ({
        n: n + i,
        policyId: 'race',
        action: i < count ? 'a' : 'b',
        at: NOW - HOUR + n + i,
        candidates: ['a', 'b'],
      }));
      await insertDecisions(api.db.database, rows);
      const played = rows.filter(({ action }, i) => i % count < (plays[action] as number));
      await insertEvents(
        api.db.database,
        played.map(({ n: of, at }) => ({ id: `r${of}`, n: of, at: at + 5000 })),
      );
      await new LearnPolicy(api.db.database).run('race', new Date(NOW));
    };
    await round(1000, 10, { a: 4, b: 5 });
    expect(await winnerOf()).toMatchObject({ leader: 'b', challenger: 'a', declared: false });
    await round(2000, 90, { a: 16, b: 45 });
    // 20 of 100 against 50 of 100: sum of n kl(rate, pooled rate of 0.35).
    const kl = (p: number): number => p * Math.log(p / 0.35) + (1 - p) * Math.log((1 - p) / 0.65);
    const winner = await winnerOf();
    expect(winner).toMatchObject({ leader: 'b', challenger: 'a', declared: true });
    expect(winner?.['statistic']).toBeCloseTo(100 * kl(0.2) + 100 * kl(0.5), 9);
  });

  it('computes propensities, gain and ledger as by hand', async () => {
    await create({ id: 'hand', key: 'thompson-beta', title: 'Hand', reward: REWARD, floor: 0.2 });
    const rows: Row[] = [
      { n: 501, unitId: 'x', action: 'a', reward: 1, p: 0.8 },
      { n: 502, unitId: 'x', action: 'a', reward: 1, p: 0.8 },
      { n: 503, unitId: 'y', action: 'a', reward: 0, p: 0.5 },
      { n: 504, unitId: 'z', action: 'b', reward: 0, p: 0.1 },
    ];
    await log('hand', rows);
    const weights = rows.map(({ p }) => 0.5 / p);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const propensities = await read<Record<string, number> & { counts: number[]; edges: number[] }>(
      'hand/propensities',
    );
    expect(propensities).toMatchObject({
      decisions: 4,
      least: 0.1,
      belowFloor: 1,
      floor: 0.2,
      largestWeight: 5,
    });
    expect(propensities['effectiveSampleSize']).toBeCloseTo(
      sum(weights) ** 2 / sum(weights.map((w) => w * w)),
      9,
    );
    expect(propensities['meanWeight']).toBeCloseTo(sum(weights) / 4, 12);
    expect(sum(propensities.counts)).toBe(4);
    expect(propensities.counts.at(-1)).toBe(2);
    const gain = await read<{ uniform: number; points: { gain: number; upper: number }[] }>(
      'hand/gain?bucket=day',
    );
    const uniform = sum(rows.map(({ reward }, i) => reward * (weights[i] as number))) / sum(weights);
    const gains = rows.map(({ reward }, i) => (reward - uniform) * (1 - (weights[i] as number)));
    expect(gain.uniform).toBeCloseTo(uniform, 12);
    expect(gain.points.at(-1)?.gain).toBeCloseTo(sum(gains), 12);
    const clustered = (gains[0]! + gains[1]!) ** 2 + gains[2]! ** 2 + gains[3]! ** 2;
    const half = 1.959963984540054 * Math.sqrt(Math.max(clustered, sum(gains.map((g) => g * g))));
    expect(gain.points.at(-1)?.upper).toBeCloseTo(sum(gains) + half, 9);
    // Nothing is known well enough to be called the best.
    expect(await read('hand/exploration-ledger')).toMatchObject({
      decisions: 4,
      explored: 0,
      cost: 0,
      budgetPerDay: null,
    });
    // One lucky reward does not make b the best; then a is worth 0.5 and b 0.25.
    await create({ id: 'lucky', key: 'thompson-beta', title: 'Lucky', reward: REWARD });
    const twenty = Array.from({ length: 20 }, (_, i) => ({ n: 520 + i, action: 'a', reward: i % 2 }));
    const row = { unitId: 'x', p: 0.5 };
    await log(
      'lucky',
      [...twenty, { n: 540, action: 'b', reward: 1 }].map((one) => ({ ...row, ...one })),
    );
    expect(await read('lucky/exploration-ledger')).toMatchObject({ decisions: 21, explored: 0, cost: 0 });
    await log(
      'lucky',
      [541, 542, 543].map((n) => ({ ...row, n, action: 'b', reward: 0 })),
    );
    expect(await read('lucky/exploration-ledger')).toMatchObject({ decisions: 24, explored: 4, cost: 1 });
  });

  it('reads rewards of the present definition only, and says how many others there are', async () => {
    const { combine: _combine, ...outcomes } = REWARD;
    const lift = { ...outcomes, combine: 'any', incremental: {} };
    const body = { key: 'thompson-normal', title: 'Changed', reward: REWARD, windowSeconds: 60 };
    await create({ id: 'changed', ...body, withhold: { share: 0.5 } });
    const shadow = { policyId: 'other', version: 1, agrees: true, servedPropensity: 0.5 };
    const row = { unitId: 'x', action: 'a', p: 0.5, shadow };
    await log('changed', [
      { ...row, n: 601, reward: 90 },
      { ...row, n: 602, reward: 70, definition: 2 },
      ...Array.from({ length: 20 }, (_, i) => ({
        ...row,
        n: 610 + i,
        reward: 2,
        definition: 2,
        withheld: false,
      })),
      { ...row, n: 630, action: 'b', reward: 1, definition: 2, withheld: false },
      { ...row, n: 631, action: 'b', reward: 50 },
    ]);
    expect((await api.request('PATCH', '/v1/policies/changed', { body: { reward: lift } })).status).toBe(200);
    const left = { otherRewards: 3 };
    expect(await read('changed/gain')).toMatchObject({ ...left, rewards: 21, best: { id: 'a', mean: 2 } });
    expect(await read('changed/action-values')).toMatchObject({ ...left, rewarded: 21 });
    expect(await read('changed/actions')).toMatchObject({
      ...left,
      items: [
        { id: 'a', decisions: 22, rewarded: 20, meanReward: 2 },
        { id: 'b', decisions: 2, rewarded: 1, meanReward: 1 },
      ],
    });
    expect(await read('changed/shadow')).toMatchObject({
      ...left,
      items: [{ decisions: 24, rewarded: 21, snips: 41 / 21 }],
    });
    expect(await read('changed/exploration-ledger')).toMatchObject({ ...left, explored: 2, cost: 2 });
    expect(await read('changed/settlement')).toMatchObject({ rewards: 24, meanReward: 41 / 21 });
  });

  it('tells how long rewards take and what is still open', async () => {
    await create({ id: 'slow', key: 'thompson-beta', title: 'Slow', reward: REWARD, windowSeconds: 60 });
    const at = NOW - HOUR;
    await insertDecisions(
      api.db.database,
      [701, 702, 703, 704].map((n) => ({ n, policyId: 'slow', action: 'a', at, candidates: ['a'] })),
    );
    await insertEvents(api.db.database, [
      { id: 's1', n: 701, at: at + 2000 },
      { id: 's1b', n: 701, at: at + 200_000 },
      { id: 's2', n: 702, at: at + 40_000 },
      { id: 's3', n: 703, at: at + 90_000 },
    ]);
    const delay = await read<Record<string, number> & { points: { seconds: number; share: number }[] }>(
      'slow/reward-delay',
    );
    expect(delay).toMatchObject({ outcomes: 3, windowSeconds: 60, pending: 4, settled: 0, median: 40 });
    expect(delay['afterWindow']).toBeCloseTo(1 / 3, 12);
    expect(delay.points.find(({ seconds }) => seconds === 5)?.share).toBeCloseTo(1 / 3, 12);
    expect(delay.points.at(-1)?.share).toBe(1);
    expect((await api.request('GET', '/v1/policies/nobody/gain')).status).toBe(404);
    expect((await api.request('GET', '/v1/policies/slow/gain?days=900')).status).toBe(400);
  });
});
