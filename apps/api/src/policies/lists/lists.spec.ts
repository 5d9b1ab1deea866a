import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../../test/api.js';
import type { TestApi } from '../../../test/api.js';
import { idOf, insertDecisions, insertEvents } from '../../../test/learning.js';
import type { DiversityView } from './diversity.js';
import type { FairnessView } from './fairness.js';

const NOW = Date.now();
const HOUR = 3_600_000;
const TITLES: readonly (readonly [string, readonly string[]])[] = [
  ['d1', ['drama']],
  ['d2', ['drama']],
  ['c1', ['comedy']],
  ['cd', ['comedy', 'drama']],
  ['x1', []],
];

describe('lists of a policy', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    const db = api.db.database;
    await db.query(`select ensure_partitions(current_date - 3, current_date + 1)`);
    await api.request('POST', '/v1/policies', {
      body: { id: 'titles', key: 'implicit-als', title: 'Titles', reward: { outcomes: [{ name: 'play' }] } },
    });
    for (const [id, genres] of TITLES)
      await db.query(`insert into item (id, kind, title, features) values ($1, 'title', $2, $3::jsonb)`, [
        id,
        `Title ${id}`,
        JSON.stringify({ genres }),
      ]);
    // Fifty members with two lists each, a day apart. On TV, first lists are mixed and second ones all drama.
    const rows = Array.from({ length: 100 }, (_, n) => {
      const member = n % 50;
      const tv = member < 25;
      const later = n >= 50;
      return {
        n,
        policyId: 'titles',
        unitId: `m${member}`,
        at: NOW - (later ? 2 : 26) * HOUR + n,
        slate: tv && later ? ['d1', 'd2', 'd1', 'd2', 'd1'] : ['d1', 'c1', 'cd', 'x1', 'd1'],
        context: { device: tv ? 'tv' : 'phone', history: ['d1'], member: `m${member}` },
      };
    });
    await insertDecisions(db, rows);
    // The first place earns 1; on TV in the first list only.
    for (const { n, context, slate } of rows) {
      const earns = context.device === 'phone' || n < 50;
      for (const [position, id] of slate.entries())
        await db.query(
          `insert into reward select id, $2::int, policy_id, subject, $3, $4, 0.5, at, now(), -1 from decision where id = $1`,
          [idOf(n), position, id, position === 0 && earns ? 1 : 0],
        );
    }
    await insertEvents(
      db,
      [0, 1, 2].map((n) => ({ id: `e${n}`, n, at: NOW - HOUR, itemId: 'd1' })),
    );
  });
  afterAll(() => api.close());

  const read = async <T>(path: string): Promise<T> => {
    const answer = await api.request('GET', `/v1/policies/${path}`, { key: api.keys.secret });
    expect([answer.status, answer.status === 200 ? null : answer.text]).toEqual([200, null]);
    return answer.json<T>();
  };

  it('says how diverse they are, day by day, and whether mixes narrow', async () => {
    const view = await read<DiversityView>('titles/diversity?days=3');
    expect(view.total).toMatchObject({ lists: 100, members: 50, titles: 5, coverage: 1 });
    // 75 lists of drama 1 + 1/2 + 1, comedy 1 + 1/2; 25 of drama alone.
    const share = 2.5 / 4;
    const mixed = -share * Math.log2(share) - (1 - share) * Math.log2(1 - share);
    expect(view.total.entropy).toBeCloseTo(0.75 * mixed, 10);
    // d1 2 * 75 + 3 * 25, d2 50, three titles 75 each: sorted 50 75 75 75 225.
    expect(view.total.gini).toBeCloseTo((-4 * 50 - 2 * 75 + 2 * 75 + 4 * 225) / (5 * 500), 10);
    expect(view.mostShown[0]).toEqual({ id: 'd1', title: 'Title d1', shown: 225, share: 0.45 });
    expect(view.days.reduce((sum, { lists }) => sum + lists, 0)).toBe(100);
    expect(view.drift).toMatchObject({ members: 50 });
    // Half of the members narrow from the mix to drama alone.
    expect(view.drift.entropyChange).toBeCloseTo(-mixed / 2, 10);
    expect(view.mix.map(({ value }) => value)).toEqual(['drama', 'comedy']);
    const first = await read<DiversityView>('titles/diversity?days=3&top=1&feature=none');
    expect(first.total).toMatchObject({ entropy: null, distance: null, coverage: 1 / 5, overlap: 1 });
  });

  it('compares segments and groups of titles, and raises the alarm', async () => {
    const view = await read<FairnessView>('titles/fairness?days=3&leastMembers=10');
    expect(view).toMatchObject({ segment: 'device', attributes: ['device'], decisions: 100, settled: 100 });
    const [phone, tv] = view.segments?.groups ?? [];
    expect(phone).toMatchObject({ group: 'phone', members: 25, shown: 50, exposureShare: 0.5, reward: 1 });
    expect(tv).toMatchObject({ group: 'tv', reward: 0.5, exposureShare: 0.5 });
    expect(view.segments?.ratio).toMatchObject({ worst: 'tv', best: 'phone', ratio: 0.5, state: 'alarm' });
    expect(view.groups.groups.map(({ group }) => group)).toEqual(['(none)', 'comedy', 'drama']);
    expect(view.groups.groups[1]).toMatchObject({ shown: 150, exposureShare: 0.3, reward: 0 });
    const cell = view.cells.find(({ segment, group }) => segment === 'tv' && group === 'drama');
    // 25 lists with 3 of 5 places, 25 with 5 of 5.
    expect(cell).toMatchObject({ shown: 200, exposureShare: 0.8 });
    const easy = await read<FairnessView>('titles/fairness?days=3&threshold=0.3&leastMembers=10');
    expect(easy.segments?.ratio?.state).toBe('ok');
    const answer = await api.request('GET', '/v1/policies/titles/fairness?threshold=2', {
      key: api.keys.secret,
    });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('threshold')]);
    expect((await api.request('GET', '/v1/policies/none/diversity')).status).toBe(404);
  });

  it('lets people pin and boost until a date, and writes who did', async () => {
    const until = new Date(NOW + 7 * 24 * HOUR).toISOString();
    const pin = (body: object) => api.request('POST', '/v1/policies/titles/pins', { body });
    expect((await pin({ id: 'c1', position: 1, until, reason: 'Festival' })).status).toBe(200);
    expect((await pin({ id: 'd2', by: 0.5, until })).status).toBe(200);
    for (const [body, pointer] of [
      [{ id: 'x1', until }, '/position'],
      [{ id: 'x1', position: 2, until: new Date(NOW - HOUR).toISOString() }, '/until'],
      [{ id: 'x1', position: 0, until }, '/position'],
    ] as const) {
      const wrong = await pin(body);
      expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining(pointer)]);
    }
    expect((await pin({ id: 'x1', position: 1, until })).status).toBe(409);
    const { items } = await read<{ items: object[] }>('titles/pins');
    expect(items).toEqual([
      { id: 'c1', position: 1, until, reason: 'Festival', active: true },
      { id: 'd2', by: 0.5, until, active: true },
    ]);
    const { params } = await read<{ params: { wrappers: { key: string }[] } }>('titles');
    expect(params.wrappers.map(({ key }) => key)).toEqual(['pins']);
    const remove = (id: string) => api.request('DELETE', `/v1/policies/titles/pins/${id}`);
    expect((await remove('c1')).status).toBe(200);
    expect((await remove('c1')).status).toBe(404);
    expect((await remove('d2')).status).toBe(200);
    expect(await read('titles')).toMatchObject({ params: {} });
    const audit = await api.db.database.query<{ action: string; actor: string }>(
      `select action, actor from audit where entity_key = 'titles' and action like 'policy.%pin' order by id`,
    );
    expect(audit.map(({ action }) => action)).toEqual([
      'policy.pin',
      'policy.pin',
      'policy.unpin',
      'policy.unpin',
    ]);
    expect(audit.every(({ actor }) => actor.length > 0)).toBe(true);
  });
});
