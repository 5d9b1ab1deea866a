import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';

interface List<T> {
  items: T[];
  nextCursor: string | null;
}

describe('administration over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  }, 60_000);
  afterAll(() => api.close());

  const surface = (parts: Record<string, unknown> = {}) => ({
    key: 'home.rows',
    title: 'Rows',
    kind: 'slate',
    candidateKind: 'row',
    ...parts,
  });

  it('keeps surfaces', async () => {
    const created = await api.request('POST', '/v1/surfaces', { body: surface() });
    expect(created.status).toBe(201);
    expect(created.json()).toEqual({ ...surface(), defaultValue: null });
    expect((await api.request('POST', '/v1/surfaces', { body: surface() })).status).toBe(409);
    const put = await api.request('PUT', '/v1/surfaces/home.rows', { body: surface({ title: 'Home rows' }) });
    expect(put.json()).toMatchObject({ title: 'Home rows' });
    expect((await api.request('GET', '/v1/surfaces/home.rows')).json()).toEqual(put.json());
    expect((await api.request('PUT', '/v1/surfaces/other', { body: surface() })).json()).toMatchObject({
      errors: [{ pointer: '/key' }],
    });
    expect((await api.request('GET', '/v1/surfaces/nothing')).status).toBe(404);
    expect((await api.request('GET', '/v1/surfaces')).json<List<unknown>>().items).toHaveLength(1);
    const [row] = (await api.request('GET', '/v1/audit?entity=surface&limit=1')).json<
      List<Record<string, unknown>>
    >().items;
    expect(row).toMatchObject({
      action: 'surface.change',
      before: { title: 'Rows' },
      after: { title: 'Home rows' },
    });
  });

  it('does not change the kind of a surface under a live experiment', async () => {
    await api.request('PUT', '/v1/surfaces/hero', {
      body: surface({ key: 'hero', kind: 'value', candidateKind: null }),
    });
    const arms = ['a', 'b'].map((key) => ({
      key,
      weight: 1,
      isControl: key === 'a',
      treatment: { kind: 'value', value: key },
    }));
    const body = {
      key: 'live',
      title: 'Live',
      surface: 'hero',
      hypothesis: 'h',
      decisionMetric: 'play-rate',
      arms,
    };
    expect((await api.request('POST', '/v1/experiments', { body })).status).toBe(201);
    expect((await api.request('POST', '/v1/experiments/live/start', { body: {} })).status).toBe(200);
    const refused = await api.request('PUT', '/v1/surfaces/hero', {
      body: surface({ key: 'hero', kind: 'action' }),
    });
    expect(refused.json()).toMatchObject({ status: 409, code: 'surface_in_use' });
  });

  it('upserts items in bulk and pages through them', async () => {
    const items = Array.from({ length: 250 }, (_, i) => ({
      id: `row-${String(i).padStart(3, '0')}`,
      kind: 'row',
      title: `Row ${i}`,
      features: { genre: ['drama'], rank: i },
      position: i,
    }));
    expect((await api.request('POST', '/v1/items', { body: { items } })).json()).toEqual({ upserted: 250 });
    const again = [{ ...items[0], title: 'New', available: false, subject: 'title-1' }];
    expect((await api.request('POST', '/v1/items', { body: { items: again } })).status).toBe(200);
    const first = (await api.request('GET', '/v1/items?kind=row&limit=200')).json<List<{ id: string }>>();
    const second = (await api.request('GET', `/v1/items?kind=row&limit=200&cursor=${first.nextCursor}`)).json<
      List<{ id: string }>
    >();
    expect([...first.items, ...second.items].map((item) => item.id)).toEqual(items.map((item) => item.id));
    expect(second.nextCursor).toBeNull();
    expect((await api.request('GET', '/v1/items?subject=title-1')).json<List<unknown>>().items).toEqual([
      { ...items[0], title: 'New', available: false, subject: 'title-1' },
    ]);
  });

  it('refuses bad items and stores none of the batch', async () => {
    const good = { id: 'good', kind: 'x', title: 'Good' };
    for (const [bad, pointer] of [
      [{ ...good, features: { nested: { a: 1 } } }, '/items/1/features/nested'],
      [{ ...good, id: '' }, '/items/1/id'],
      [good, '/items/1/id'],
      [{ ...good, id: 'b', colour: 1 }, '/items/1/colour'],
      [{ ...good, id: 'b', title: '\u0000' }, '/items/1/title'],
      [{ ...good, id: 'b', position: 1.5 }, '/items/1/position'],
    ] as const) {
      const answer = await api.request('POST', '/v1/items', { body: { items: [good, bad] } });
      expect(answer.status).toBe(400);
      expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer);
    }
    const raw = '{"items": [{"id": "p", "kind": "x", "title": "t", "features": {"rank": 1e400}}]}';
    expect((await api.request('POST', '/v1/items', { raw })).status).toBe(400);
    const many = Array.from({ length: 1001 }, (_, i) => ({ ...good, id: `g${i}` }));
    expect((await api.request('POST', '/v1/items', { body: { items: many } })).status).toBe(400);
    expect((await api.request('GET', '/v1/items?kind=x')).json<List<unknown>>().items).toEqual([]);
  });

  it('keeps layers and holdouts', async () => {
    const layer = await api.request('POST', '/v1/layers', { body: { key: 'art', title: 'Artwork' } });
    expect(layer.status).toBe(201);
    expect(layer.json()).toEqual({
      key: 'art',
      title: 'Artwork',
      salt: 'layer:art',
      unitType: null,
      hashVersion: 2,
      ranges: [],
    });
    expect((await api.request('POST', '/v1/layers', { body: { key: 'art', title: 'Again' } })).status).toBe(
      409,
    );
    const body = { key: 'q4', title: 'Fourth quarter', share: 0.05 };
    const holdout = await api.request('POST', '/v1/holdouts', { body });
    expect(holdout.json()).toEqual({
      ...body,
      salt: 'holdout:q4',
      revision: 1,
      surfaces: null,
      tags: null,
      except: null,
      unitType: 'member',
      enabled: true,
    });
    const changed = await api.request('PATCH', '/v1/holdouts/q4', {
      body: { share: 0.1, surfaces: ['home.rows'] },
    });
    expect(changed.json()).toMatchObject({ share: 0.1, surfaces: ['home.rows'], title: 'Fourth quarter' });
    expect((await api.request('GET', '/v1/holdouts')).json<List<unknown>>().items).toEqual([changed.json()]);
    const unknown = await api.request('PATCH', '/v1/holdouts/q4', {
      body: { surfaces: ['home.rows', 'nowhere'] },
    });
    expect(unknown.json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/surfaces/1', code: 'unknown_surface' }],
    });
    expect((await api.request('PATCH', '/v1/holdouts/q5', { body: {} })).status).toBe(404);
    expect((await api.request('PATCH', '/v1/holdouts/q4', { body: { salt: 'x' } })).json()).toMatchObject({
      code: 'unknown_field',
    });
  });
});

describe('keys and audit over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  }, 60_000);
  afterAll(() => api.close());

  const until = async (met: () => Promise<boolean>): Promise<boolean> => {
    for (let i = 0; i < 200; i++) {
      if (await met()) return true;
      await new Promise((done) => setTimeout(done, 20));
    }
    return false;
  };

  it('makes a key, shows it once, and revokes it', async () => {
    const made = (await api.request('POST', '/v1/keys', { body: { name: 'Reader', role: 'secret' } })).json<{
      id: string;
      key: string;
    }>();
    expect(made).toMatchObject({
      name: 'Reader',
      role: 'secret',
      key: expect.stringMatching(/^mq_sec_/),
      createdAt: expect.any(String),
    });
    const status = async () => (await api.request('GET', '/v1/surfaces', { key: made.key })).status;
    expect(await until(async () => (await status()) === 200)).toBe(true);
    const list = await api.request('GET', '/v1/keys');
    expect(list.text).not.toContain(made.key);
    expect(list.json<List<Record<string, unknown>>>().items[0]).not.toHaveProperty('hash');
    expect((await api.request('DELETE', `/v1/keys/${made.id}`)).json()).toMatchObject({
      id: made.id,
      revokedAt: expect.any(String),
    });
    expect(await until(async () => (await status()) === 401)).toBe(true);
    const log = await api.request('GET', '/v1/audit');
    expect(log.text).not.toContain(made.key);
    expect(log.json<List<{ action: string }>>().items.map((row) => row.action)).toEqual([
      'key.revoke',
      'key.create',
    ]);
    expect((await api.request('DELETE', '/v1/keys/nothing')).status).toBe(404);
  });

  it('never revokes the last admin key', async () => {
    const keys = (await api.request('GET', '/v1/keys')).json<List<{ id: string; role: string }>>().items;
    const admin = keys.find((key) => key.role === 'admin');
    expect((await api.request('DELETE', `/v1/keys/${admin?.id}`)).json()).toMatchObject({
      status: 409,
      code: 'last_admin_key',
    });
  });

  it('pages through the audit log, for admins only', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e'])
      await api.request('POST', '/v1/layers', { body: { key, title: key } });
    const first = (await api.request('GET', '/v1/audit?entity=layer&limit=3')).json<
      List<{ entityKey: string }>
    >();
    const second = (
      await api.request('GET', `/v1/audit?entity=layer&limit=3&before=${first.nextCursor}`)
    ).json<List<{ entityKey: string }>>();
    expect([...first.items, ...second.items].map((row) => row.entityKey)).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect((await api.request('GET', '/v1/audit?before=x')).status).toBe(400);
    expect((await api.request('GET', '/v1/audit', { key: api.keys.secret })).status).toBe(403);
    expect((await api.request('GET', '/v1/keys', { key: api.keys.secret })).status).toBe(403);
  });
});
