import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import type { DecisionDetail } from './decision-inspector.js';
import type { DecisionView, EventView } from './decision-view.js';
import type { Treatment } from './serve-treatments.js';

const arm = (key: string, treatment: unknown) => ({
  key,
  title: key,
  weight: 1,
  isControl: key === 'control',
  treatment,
});
const byPolicy = (policyId: string) => ({ kind: 'policy', policyId, steadyFor: 'day' });

describe('decisions, asked about', () => {
  let api: TestApi;
  let worker: Running<Awaited<ReturnType<typeof createWorker>>['app']>;
  const sql = <R extends Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<R[]> => api.db.database.query<R>(text, values);
  async function until<T>(probe: () => Promise<T | null>, within = 15_000): Promise<T> {
    const deadline = Date.now() + within;
    for (;;) {
      const found = await probe();
      if (found !== null) return found;
      if (Date.now() > deadline) throw new Error('waited in vain');
      await sleep(50);
    }
  }
  async function serve(
    unitId: string,
    request: Record<string, unknown>,
    context: Record<string, unknown> = {},
  ): Promise<Treatment> {
    const answer = await api.request('POST', '/v1/treatments', {
      body: { unitId, context, requests: [request] },
    });
    return answer.json<{ treatments: [Treatment] }>().treatments[0];
  }
  const inspect = (id: string): Promise<DecisionDetail> =>
    until(async () => {
      const answer = await api.request('GET', `/v1/decisions/${id}`, { key: api.keys.secret });
      return answer.status === 200 ? answer.json<DecisionDetail & Record<string, unknown>>() : null;
    });
  async function changeCatalog(text: string, values: readonly unknown[] = []): Promise<void> {
    await sql(text, values);
    await sql(`select pg_notify('marquee_catalog', '')`);
    await sleep(300);
  }

  beforeAll(async () => {
    api = await startTestApi();
    worker = await createWorker({ ...api.config, roles: ['ingest'] });
    await sql(`insert into surface (key, title, kind, default_value, candidate_kind) values
      ('banner', 'Banner', 'value', '"plain"', null), ('art', 'Artwork', 'action', 'null', 'artwork'), ('rows', 'Rows', 'slate', 'null', 'row')`);
    await sql(`insert into item (id, kind, subject, title, features) values ('a1', 'artwork', 't1', 'Dark poster', '{"mood":"dark"}'),
      ('a2', 'artwork', 't1', 'Bright poster', '{"mood":"bright"}'), ('t1', 'title', null, 'The Film', '{}'),
      ('r1', 'row', null, 'R1', '{}'), ('r2', 'row', null, 'R2', '{}'), ('r3', 'row', null, 'R3', '{}')`);
    await sql(
      `insert into layer (key, title, salt) values ('one', 'One', 'layer:one'), ('two', 'Two', 'layer:two'), ('three', 'Three', 'layer:three')`,
    );
    await sql(`insert into policy (id, key, title, exploration, reward, window_seconds) values
      ('ts', 'thompson-beta', 'Thompson', '{"key":"greedy"}', '{"outcomes":[{"name":"play","value":"one"}],"combine":"max"}', 3600),
      ('pl', 'fixed-order', 'Order', '{"key":"plackett-luce","params":{"temperature":1}}', null, 3600)`);
    const experiments: readonly [string, string, string, unknown, unknown][] = [
      [
        'colour',
        'banner',
        'one',
        { attribute: 'device', op: 'eq', value: 'tv' },
        [arm('control', { kind: 'value', value: 'grey' }), arm('blue', { kind: 'value', value: 'blue' })],
      ],
      ['artwork', 'art', 'two', null, [arm('control', byPolicy('ts')), arm('bandit', byPolicy('ts'))]],
      ['rows', 'rows', 'three', null, [arm('control', byPolicy('pl')), arm('other', byPolicy('pl'))]],
    ];
    for (const [key, surface, layer, targeting, arms] of experiments) {
      await sql(
        `insert into experiment (key, title, hypothesis, surface, status, layer, layer_from, layer_to, traffic, targeting, arms, phase, salt, decision_metric)
         values ($1, $1 || ' test', 'more plays', $2, 'running', $3, 0, 1, 1, $4, $5, 1, $1, 'play-rate')`,
        [key, surface, layer, JSON.stringify(targeting), JSON.stringify(arms)],
      );
      await sql(
        `insert into experiment_phase (experiment, phase, traffic, targeting, arms, started_at) select key, phase, traffic, targeting, arms, now() from experiment where key = $1`,
        [key],
      );
    }
    await changeCatalog('select 1');
  }, 120_000);
  afterAll(async () => {
    await worker.close();
    await api.close();
  });

  it('explains an arm: path, targeting, sentence; and walks it again', async () => {
    const served = await serve('m1', { surface: 'banner' }, { device: 'tv' });
    const detail = await inspect(served.decisionId);
    expect(detail).toMatchObject({
      id: served.decisionId,
      unitId: 'm1',
      surface: 'banner',
      experiment: 'colour',
      arm: served.arm,
      kind: 'value',
      value: served.value,
      action: null,
      slate: null,
      policy: null,
      pathNote: null,
      reward: null,
      context: { device: 'tv' },
      holdout: null,
      targeting: [{ actual: 'tv', expected: 'tv', passed: true }],
      replay: { identical: true },
    });
    expect(detail.path.map((step) => step.step)).toEqual([
      'status',
      'unit-type',
      'layer',
      'targeting',
      'traffic',
      'split',
    ]);
    expect(detail.sentence).toBe(
      `The member "m1" got "${String(served.value)}" on "banner", because it is in arm "${served.arm}" of "colour test", as 50 % of the experiment's units are.`,
    );
    const missed = await inspect((await serve('m1', { surface: 'banner' }, { device: 'phone' })).decisionId);
    expect(missed).toMatchObject({
      arm: null,
      value: 'plain',
      reason: 'NOT_ELIGIBLE',
      replay: { identical: true },
    });
    expect(missed.path.find((step) => step.step === 'targeting')).toMatchObject({ passed: false });
    expect(missed.sentence).toContain('no experiment on this surface is meant for it');
  });

  it('explains a draw, joins what followed, and draws again identically', async () => {
    const served = await serve('m2', { surface: 'art', subject: 't1' });
    await api.request('POST', '/v1/events', {
      body: {
        events: [
          {
            id: 'e1',
            kind: 'exposure',
            unitId: 'm2',
            at: new Date().toISOString(),
            decisionId: served.decisionId,
          },
          {
            id: 'e2',
            kind: 'outcome',
            name: 'play',
            unitId: 'm2',
            at: new Date().toISOString(),
            decisionId: served.decisionId,
          },
        ],
      },
    });
    const detail = await until(async () => {
      const now = await inspect(served.decisionId);
      return now.outcomes.length === 2 ? now : null;
    });
    expect(detail).toMatchObject({
      action: served.action,
      propensity: 0.5,
      policy: { id: 'ts', key: 'thompson-beta', version: 0 },
      probabilities: [0.5, 0.5],
      replay: { identical: true },
      reward: { pendingUntil: expect.any(String) },
    });
    const untaught = {
      mean: 0.5,
      sd: expect.closeTo(Math.sqrt(1 / 12), 12),
      own: 0.5,
      explored: 0.5,
      eligible: true,
      limitedBy: [],
    };
    expect(detail.candidatesDetail).toEqual([
      {
        id: 'a1',
        title: 'Dark poster',
        features: { mood: 'dark' },
        probability: 0.5,
        score: 0.5,
        chosen: served.action === 'a1',
        position: served.action === 'a1' ? 0 : null,
        propensity: served.action === 'a1' ? 0.5 : null,
        ...untaught,
      },
      {
        id: 'a2',
        title: 'Bright poster',
        features: { mood: 'bright' },
        probability: 0.5,
        score: 0.5,
        chosen: served.action === 'a2',
        position: served.action === 'a2' ? 0 : null,
        propensity: served.action === 'a2' ? 0.5 : null,
        ...untaught,
      },
    ]);
    expect(detail.sentence).toContain('for "The Film" on "art"');
    expect(detail.sentence).toContain('with a probability of 50 %, the highest of 2 candidates.');
    expect(detail.outcomes.map((event) => event.id).sort()).toEqual(['e1', 'e2']);
  });

  it('draws a slate again identically, and says why when the policy has changed since', async () => {
    const served = await serve('m3', { surface: 'rows', limit: 2 });
    const before = await inspect(served.decisionId);
    expect(before).toMatchObject({ slate: served.slate, replay: { identical: true } });
    const { places = [], method } = before.slateLaw ?? {};
    expect(places.map(({ id }) => id)).toEqual(before.slate?.map(({ id }) => id));
    expect(places.at(-1)?.prefix).toBeCloseTo(before.propensity, 12);
    places.forEach(({ conditional, marginal, inSlate }, k) => {
      expect(conditional).toBeCloseTo(before.slate?.[k]?.propensity as number, 12);
      expect(marginal).toBeLessThanOrEqual(inSlate + 1e-12);
    });
    // In the first place nothing stands above.
    expect(places[0]?.marginal).toBeCloseTo(places[0]?.conditional as number, 9);
    expect(method).not.toBe('monte-carlo');
    expect(before.candidatesDetail.filter((one) => one.chosen)).toHaveLength(2);
    await changeCatalog(
      `update policy set exploration = '{"key":"plackett-luce","params":{"temperature":0.2}}' where id = 'pl'`,
    );
    const after = await inspect(served.decisionId);
    expect(after.replay).toMatchObject({ identical: false });
    expect(after.replay?.detail).toContain("policy's settings");
  });

  it('walks the path of the phase in which the decision fell', async () => {
    const served = await serve('m4', { surface: 'banner' }, { device: 'tv' });
    await inspect(served.decisionId);
    await sql(
      `insert into experiment_phase (experiment, phase, traffic, targeting, arms, started_at) select key, 2, 0, targeting, arms, now() from experiment where key = 'colour'`,
    );
    await changeCatalog(
      `update experiment set phase = 2, traffic = 0, status = 'stopped' where key = 'colour'`,
    );
    expect((await serve('m4', { surface: 'banner' }, { device: 'tv' })).arm).toBeNull();
    expect(await inspect(served.decisionId)).toMatchObject({
      arm: served.arm,
      pathNote: null,
      replay: { identical: true },
    });
    await sql(`delete from experiment_phase where experiment = 'colour'`);
    const gone = await inspect(served.decisionId);
    expect(gone.pathNote).toContain('no longer kept');
    expect(gone.replay?.identical).toBe(false);
  });

  it('says of a fallback that nothing was drawn', async () => {
    await sql(
      `insert into policy_snapshot (policy_id, version, state_version, params, state, sha256, status) values ('ts', 1, 1, '{}', '{}', 'bad', 'accepted')`,
    );
    await changeCatalog(`update experiment set arms = $1 where key = 'rows'`, [
      JSON.stringify([arm('control', byPolicy('gone')), arm('other', byPolicy('gone'))]),
    ]);
    const detail = await inspect((await serve('m5', { surface: 'rows' })).decisionId);
    expect(detail).toMatchObject({
      reason: 'FALLBACK_NO_SNAPSHOT',
      policy: null,
      replay: { identical: false },
    });
    expect(detail.sentence).toContain('because the policy had no usable snapshot');
  });

  it('lists decisions and events, newest first, page by page', async () => {
    for (let i = 0; i < 5; i++) await serve('pages', { surface: 'art', subject: 't1' });
    const list = async (query: string): Promise<{ items: DecisionView[]; nextCursor: string | null }> =>
      (await api.request('GET', `/v1/decisions?${query}`, { key: api.keys.secret })).json();
    await until(async () => ((await list('unitId=pages')).items.length === 5 ? true : null));
    for (const filter of ['unitId=pages', 'experiment=artwork', 'surface=art', '']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: { items: DecisionView[]; nextCursor: string | null } = await list(
          `${filter}&limit=2${cursor === '' ? '' : `&before=${cursor}`}`,
        );
        seen.push(...page.items.map((decision) => decision.id));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual([...seen].sort().reverse());
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toHaveLength((await list(`${filter}&limit=500`)).items.length);
    }
    expect((await list(`unitId=pages&before=${new Date(Date.now() - 60_000).toISOString()}`)).items).toEqual(
      [],
    );
  });

  it('lists events the same way', async () => {
    const events = Array.from({ length: 7 }, (_, i) => ({
      id: `p${i}`,
      kind: 'outcome',
      name: 'play',
      unitId: 'pages',
      at: new Date(Date.now() - i * 1000).toISOString(),
    }));
    await api.request('POST', '/v1/events', { body: { events } });
    const list = async (query: string): Promise<{ items: EventView[]; nextCursor: string | null }> =>
      (await api.request('GET', `/v1/events?${query}`, { key: api.keys.secret })).json();
    await until(async () => ((await list('unitId=pages')).items.length === 7 ? true : null));
    for (const filter of ['unitId=pages', '']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: { items: EventView[]; nextCursor: string | null } = await list(
          `${filter}&limit=3${cursor === '' ? '' : `&before=${encodeURIComponent(cursor)}`}`,
        );
        seen.push(...page.items.map((event) => event.id));
        cursor = page.nextCursor;
      }
      expect(seen.filter((id) => id.startsWith('p'))).toEqual(events.map((event) => event.id));
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  it('knows what a decision was made within, and the joint propensity, in one call and across calls', async () => {
    const call = async (unitId: string, requests: readonly object[]): Promise<Treatment[]> =>
      (await api.request('POST', '/v1/treatments', { body: { unitId, requests } })).json<{
        treatments: Treatment[];
      }>().treatments;
    const [rows, art] = (await call('stack', [
      { surface: 'rows' },
      { surface: 'art', subject: 't1', parent: 0 },
    ])) as [Treatment, Treatment];
    const joint = rows.propensity * art.propensity;
    expect(joint).toBeLessThan(rows.propensity);
    const detail = await inspect(art.decisionId);
    expect(detail).toMatchObject({ parentId: rows.decisionId, jointPropensity: joint });
    expect(detail.stack).toEqual([
      { id: rows.decisionId, surface: 'rows', chosen: rows.slate, propensity: rows.propensity },
      { id: art.decisionId, surface: 'art', chosen: art.action, propensity: art.propensity },
    ]);
    expect(await inspect(rows.decisionId)).toMatchObject({
      parentId: null,
      jointPropensity: rows.propensity,
      stack: [{ id: rows.decisionId }],
    });
    const stored = (id: string) =>
      sql('select parent_id, joint_propensity from decision where id = $1', [id]);
    expect(await stored(art.decisionId)).toEqual([{ parent_id: rows.decisionId, joint_propensity: joint }]);

    // A later call: the product is worked out when it is read. What it stands on is itself two decisions deep.
    const [below] = (await call('stack', [{ surface: 'banner', parent: art.decisionId }])) as [Treatment];
    const deep = await inspect(below.decisionId);
    expect(deep.stack.map(({ surface }) => surface)).toEqual(['rows', 'art', 'banner']);
    expect(deep.jointPropensity).toBeCloseTo(joint * below.propensity, 15);
    expect(await stored(below.decisionId)).toEqual([{ parent_id: art.decisionId, joint_propensity: null }]);

    // A parent of somebody else says nothing about this unit.
    const [other] = (await call('other', [{ surface: 'banner', parent: rows.decisionId }])) as [Treatment];
    expect(await inspect(other.decisionId)).toMatchObject({ jointPropensity: null, stack: [{}] });
    for (const parent of [1, -1, 0.5, 'row', {}]) {
      const body = { unitId: 'm', requests: [{ surface: 'rows' }, { surface: 'art', parent }] };
      const answer = await api.request('POST', '/v1/treatments', { body });
      expect([answer.status, answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer]).toEqual([
        400,
        '/requests/1/parent',
      ]);
    }
  });

  it('answers an unknown id with 404, a bad filter with 400, and a publishable key with 403', async () => {
    for (const id of ['01M7YSH9SDXP99JGGNT8SJEAXX', 'nonsense', '%27%3B--'])
      expect((await api.request('GET', `/v1/decisions/${id}`)).status).toBe(404);
    for (const query of ['limit=0', 'limit=x', 'before=yesterday', 'other=1']) {
      expect((await api.request('GET', `/v1/decisions?${query}`)).status).toBe(400);
      expect((await api.request('GET', `/v1/events?${query}`)).status).toBe(400);
    }
    expect((await api.request('GET', '/v1/decisions', { key: api.keys.publishable })).status).toBe(403);
  });
});
