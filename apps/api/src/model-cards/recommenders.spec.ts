import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../../test/api.js';
import { LAYOUT, ROWS_POLICY, servePageOnce, setUpRows } from '../../test/home-page.js';
import { keepRecords } from '../../test/keep-records.js';
import { DAY, FROM, POLICY, WORLD, startRecommenders } from '../../test/recommenders.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import type { DecisionRecord } from '../queues/jobs.js';
import type { CoverageDetail, CoveragePage } from '../items/item-coverage.js';
import { unitHash as hashOf } from '../members/look.js';
import type { Believed, BelievedItem, MemberProfile } from '../members/profiles.js';
import type { Preview, PreviewSide } from '../members/previews.js';
import { InlineFitRunner } from '../policies/fit-runner.js';
import type { CurvePoint } from '../policies/fit.js';
import type { Treatment } from '../serving/serve-treatments.js';
import { TrainPolicy } from '../policies/train-policy.js';
import type { TrainingRunView } from '../policies/training-run-row.js';
import { settleDue } from '../policies/settle-rewards.js';
import { policyRowOf } from '../policies/policy-row.js';
import { RunTradeOff } from '../policies/trade-offs/run-trade-off.js';
import type { TradeOffView } from '../policies/trade-offs/trade-off-row.js';
import type { PagePreview } from '../pages/page-previews.js';
import type { DecisionPage } from '../serving/decision-page.js';
import type { ServedPage } from '../serving/serve-page.js';
import type { ModelCard } from './model-card.js';

const EXPERIMENT = (...arms: object[]) => ({
  key: 'taste',
  title: 'Titles by taste',
  hypothesis: 'Titles by taste are watched more',
  surface: 'home.titles',
  layer: 'home',
  arms,
  decisionMetric: 'watch-minutes',
});

/** The key that signs tokens reaches serving a moment after it was made; until then they are refused. */
async function pageForced(api: TestApi, tester: string, forget: () => void): Promise<ServedPage> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    forget();
    const served = await api.request('POST', '/v1/pages/home/serve', { body: { unitId: 'u9', tester } });
    if (served.status === 200) return served.json<ServedPage>();
  }
  throw new Error('the token was not taken');
}

describe('recommenders over HTTP', () => {
  let api: TestApi;
  let trainer: TrainPolicy;

  const get = async <T>(path: string, key?: string): Promise<T> => {
    const answer = await api.request('GET', path, key === undefined ? {} : { key });
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.json<T>();
  };
  const post = async (path: string, body: unknown) => api.request('POST', path, { body });
  const runs = async () =>
    (await get<{ items: TrainingRunView[] }>('/v1/policies/titles/training-runs')).items;
  const train = async (body: object = {}): Promise<string> => {
    const { id } = (await post('/v1/policies/titles/training-runs', body)).json<{ id: string }>();
    let curve: readonly CurvePoint[] = [];
    await trainer.run(id, (_share, points) => (curve = [...points]));
    expect(curve.length).toBeGreaterThan(0);
    return id;
  };

  beforeAll(async () => {
    api = await startRecommenders();
    trainer = new TrainPolicy(api.db.database, new InlineFitRunner());
  }, 60_000);
  afterAll(() => api.close());

  it('keep curve, data cut and evaluation of every run, and draw the model card from what serves', async () => {
    const empty = await get<ModelCard>('/v1/policies/titles/model-card', api.keys.secret);
    expect(empty).toMatchObject({
      serving: null,
      data: null,
      evaluation: null,
      training: { runs: 0, last: null },
    });
    expect(empty.notes[0]).toMatch(/No version serves yet/);

    const id = await train({ seed: 'one' });
    const [run] = await runs();
    const cut = {
      rows: 1440,
      units: 120,
      items: 40,
      from: new Date(FROM + Math.min(...WORLD.at)).toISOString(),
    };
    expect(run).toMatchObject({ id, status: 'succeeded', trigger: 'person', data: cut });
    for (const fit of ['judged', 'final']) {
      const losses = run?.curve.filter((point) => point.fit === fit).map(({ loss }) => loss as number) ?? [];
      expect(losses).toHaveLength(6);
      // Each half sweep solves its least squares exactly, so what is minimised cannot rise.
      expect([...losses].sort((a, b) => b - a)).toEqual(losses);
    }

    const card = await get<ModelCard>('/v1/policies/titles/model-card', api.keys.secret);
    expect(card).toMatchObject({
      policy: { id: 'titles', learns: 'batch' },
      model: {
        title: expect.stringContaining('matrix factorisation'),
        reference: expect.stringContaining('Hu'),
      },
      learnsFrom: { reward: POLICY.reward },
      serving: { version: 1, trainingRun: id, seed: 'one', rowsUsed: 1440 },
      data: cut,
      training: { runs: 1, failed: 0 },
    });
    expect(card.model.parameters).toContainEqual({
      name: 'dimension',
      value: 8,
      description: 'Length of the factor vectors.',
    });
    const ndcg = card.evaluation?.figures.find(({ key }) => key === 'ndcg@10');
    expect(ndcg?.value).toBeGreaterThan(1.3 * (ndcg?.popularity ?? 1));
    expect(card.notes.join(' ')).not.toMatch(/no better than popularity/);
    expect((await api.request('GET', '/v1/policies/nobody/model-card')).status).toBe(404);
    const publishable = { key: api.keys.publishable };
    expect((await api.request('GET', '/v1/policies/titles/model-card', publishable)).status).toBe(403);
  });

  it('count what members saw and used of the catalogue: coverage, cold items, exposure, variants', async () => {
    await api.db.database.query(`select ensure_partitions(current_date - 2, current_date)`);
    const art = (id: string) => ({
      id,
      kind: 'artwork',
      subject: 'i0',
      title: `Art ${id}`,
      features: { style: 'face' },
    });
    await post('/v1/items', {
      items: [art('a1'), art('a2'), { id: 'new', kind: 'title', title: 'Brand new' }],
    });
    // One artwork of i0 was seen, a slate was seen by its event, and a slate that nobody saw.
    await api.db.database.query(
      `insert into decision (id, at, unit_id, unit_type, surface, subject, kind, chosen, propensity, arm_propensity,
         policy_id, policy_version, candidates, seed, reason, exposed) values
       ('d1', now(), 'u1', 'member', 'title.artwork', 'i0', 'action', '"a1"', 0.5, 1, 'titles', 1, '{a1,a2}', 's', 'SPLIT', true),
       ('d2', now(), 'u1', 'member', 'home.titles', null, 'slate', '[{"id":"i0"},{"id":"i1"}]', 0.5, 1, 'titles', 1, '{i0,i1}', 's', 'SPLIT', false),
       ('d3', now(), 'u2', 'member', 'home.titles', null, 'slate', '[{"id":"i2"}]', 0.5, 1, 'titles', 1, '{i2}', 's', 'SPLIT', false)`,
    );
    await api.db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, decision_id) values ('x2', now(), now(), 'u1', 'exposure', 'd2')`,
    );
    const page = await get<CoveragePage>('/v1/item-coverage?days=90', api.keys.secret);
    expect(page).toMatchObject({ kind: 'title', matching: 41, nextCursor: null });
    expect(page.summary).toMatchObject({
      items: 41,
      withFeatures: 40,
      withOutcomes: 40,
      cold: 1,
      exposures: 3,
    });
    // Two of 41 items with 2 and 1 exposures: (40 * 2 + 38 * 1) / (41 * 3).
    expect(page.summary.gini).toBeCloseTo(118 / 123, 12);
    expect(page.items.slice(0, 2)).toMatchObject([
      { id: 'i0', variants: 2, exposures: 2, exposureShare: 2 / 3, features: 2, cold: false },
      { id: 'i1', variants: 0, exposures: 1 },
    ]);
    const plays = WORLD.item.filter((item) => item === 0).length;
    expect(page.items[0]).toMatchObject({ outcomes: plays, units: plays, lastOutcomeAt: expect.any(String) });
    const ids = async (query: string) =>
      (await get<CoveragePage>(`/v1/item-coverage?days=90&${query}`)).items.map(({ id }) => id);
    expect(await ids('show=cold')).toEqual(['new']);
    expect(await ids('show=without-features')).toEqual(['new']);
    expect(await ids('search=TITLE%20I39')).toEqual(['i39']);
    expect(await ids('sort=title&limit=2&cursor=1')).toEqual(['i0', 'i1']);
    expect(await ids('kind=artwork')).toEqual(['a1', 'a2']);
    const detail = await get<CoverageDetail>('/v1/item-coverage/i0?days=90', api.keys.secret);
    expect(detail).toMatchObject({
      item: { id: 'i0', values: { genre: 'comedy', year: 1990 } },
      variants: [
        { id: 'a1', exposures: 1, exposureShare: 1, values: { style: 'face' } },
        { id: 'a2', exposures: 0 },
      ],
      shownBy: [{ policyId: 'titles', title: 'Titles for you', decisions: 2 }],
    });
    expect((await api.request('GET', '/v1/item-coverage/nothing')).status).toBe(404);
    expect((await api.request('GET', '/v1/item-coverage?show=odd')).status).toBe(400);
  });

  it('preview a surface for a member, two policies side by side, and record no decision', async () => {
    expect(
      (
        await post('/v1/policies', {
          ...POLICY,
          id: 'at-random',
          key: 'uniform-random',
          params: {},
          reward: null,
        })
      ).status,
    ).toBe(201);
    const decisions = async () =>
      (await api.db.database.query<{ n: number }>('select count(*)::int as n from decision'))[0]?.n;
    const before = await decisions();
    const body = {
      surface: 'home.titles',
      unitId: 'u7',
      context: { device: 'smart-tv', hour: 21, weekday: 5 },
      at: '2026-10-30T21:00:00+01:00',
      limit: 10,
      policies: [{ policyId: 'titles' }, { policyId: 'at-random' }],
    };
    const answer = await post('/v1/previews', body);
    expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
    const preview = answer.json<Preview>();
    expect(preview).toMatchObject({
      surface: { key: 'home.titles', kind: 'slate' },
      at: '2026-10-30T20:00:00.000Z',
      context: body.context,
      candidates: 41,
      sides: [
        { policy: { id: 'titles', version: 1 }, historySource: 'outcomes', error: null },
        { policy: { id: 'at-random', version: 0 }, error: null },
      ],
    });
    const [learned, random] = preview.sides as [PreviewSide, PreviewSide];
    // u7 is of the odd taste: what it watched is i20 to i39, and so is what comes first.
    expect(learned.history).toHaveLength(12);
    expect(
      learned.history.every(({ id, title }) => Number(id.slice(1)) >= 20 && title === `Title ${id}`),
    ).toBe(true);
    expect(learned.items.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(learned.items.slice(0, 5).every(({ features }) => features['genre'] === 'drama')).toBe(true);
    expect(random.items.every(({ probability }) => Math.abs(probability - 1 / 41) < 1e-12)).toBe(true);
    const others = new Set(random.items.map(({ id }) => id));
    const common = learned.items.filter(({ id }) => others.has(id)).length;
    expect(preview.comparison).toMatchObject({ common, overlap: common / 10 });
    expect((await post('/v1/previews', body)).json()).toEqual(preview);
    // Somebody nothing is known of gets what is popular; a given history is used as it is.
    const { unitId: _unitId, ...stranger } = body;
    const alone = { ...stranger, policies: [{ policyId: 'titles' }] };
    expect((await post('/v1/previews', alone)).json<Preview>().sides[0]).toMatchObject({
      historySource: 'none',
    });
    const given = { ...alone, context: { history: ['i1', 'i2', 'i3'] } };
    const side = (await post('/v1/previews', given)).json<Preview>().sides[0];
    expect(side).toMatchObject({
      historySource: 'given',
      history: [{ id: 'i3' }, { id: 'i2' }, { id: 'i1' }],
    });
    expect(side?.items[0]?.features['genre']).toBe('comedy');
    expect(await decisions()).toBe(before);

    const audit = await get<{ items: { action: string; entityKey: string }[] }>('/v1/audit');
    const looks = audit.items.filter(({ action }) => action === 'unit.preview');
    expect(looks.map(({ entityKey }) => entityKey)).toEqual([hashOf('u7'), hashOf('u7')]);
    for (const [change, pointer] of [
      [{ surface: 'nowhere' }, '/surface'],
      [{ subject: 'i0' }, '/subject'],
      [{ policies: [{ policyId: 'titles' }, { policyId: 'nobody' }] }, '/policies/1/policyId'],
      [{ limit: 0 }, '/limit'],
    ] as const) {
      const refused = await post('/v1/previews', { ...body, ...change });
      expect([refused.status, refused.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer]).toEqual([
        400,
        pointer,
      ]);
    }
    const missing = { ...body, policies: [{ policyId: 'titles', version: 99 }] };
    expect((await post('/v1/previews', missing)).json<Preview>().sides[0]?.error).toMatch(/is not kept/);
    const secret = await api.request('POST', '/v1/previews', { body, key: api.keys.secret });
    expect(secret.status).toBe(403);
  });

  it('show what is believed of a member and why, true by ablation, to admins alone, and note every look', async () => {
    const path = '/v1/units/u7/profile?limit=5';
    const profile = await get<MemberProfile>(path);
    expect(profile).toMatchObject({
      unitId: 'u7',
      personalised: true,
      since: null,
      erasedAt: null,
      feature: 'genre',
    });
    expect(profile.history).toMatchObject({ source: 'outcomes', items: { length: 12 } });
    expect(profile.history.items[0]).toMatchObject({ outcome: 'play', at: expect.any(String) });
    expect(profile.mix).toEqual([{ value: 'drama', items: 12, share: 1 }]);
    const [believed] = profile.believed as [Believed];
    expect(profile.believed).toHaveLength(1);
    expect(believed).toMatchObject({ policy: { id: 'titles', version: 1 }, candidates: 41, error: null });
    const used = new Set(profile.history.items.map(({ id }) => id));
    expect(believed.items.filter(({ id }) => used.has(id))).toEqual([]);
    expect(believed.items.map(({ score }) => score)).toEqual(
      believed.items.map(({ score }) => score).sort((a, b) => b - a),
    );
    // The reason is true: the preview without it gives exactly that lower score.
    const [top] = believed.items as [BelievedItem];
    const [because] = top.because as [BelievedItem['because'][number]];
    expect(because.drop).toBeGreaterThan(0);
    const rest = profile.history.items.map(({ id }) => id).filter((id) => id !== because.id);
    const without = await post('/v1/previews', {
      surface: 'home.titles',
      context: { history: rest.reverse() },
      limit: 41,
      policies: [{ policyId: 'titles' }],
    });
    const item = without.json<Preview>().sides[0]?.items.find(({ id }) => id === top.id);
    expect(top.score - (item?.score as number)).toBeCloseTo(because.drop, 9);

    expect((await get<MemberProfile>('/v1/units/nobody/profile')).history).toEqual({
      source: 'none',
      items: [],
    });
    expect((await api.request('GET', path, { key: api.keys.secret })).status).toBe(403);
    expect((await api.request('GET', '/v1/units/u7/profile?policyId=nobody')).status).toBe(400);
    const audit = await get<{ items: { action: string; entityKey: string }[] }>('/v1/audit');
    expect(audit.items).toContainEqual(
      expect.objectContaining({ action: 'unit.profile', entityKey: hashOf('u7') }),
    );
    expect(JSON.stringify(audit.items.filter(({ action }) => action.startsWith('unit.')))).not.toContain(
      'u7',
    );
  });

  it('serve a member who asks as somebody new, say so, draw it again, and forget the wish with the member', async () => {
    const arm = (key: string, control: boolean) => ({
      key,
      weight: control ? 0.0001 : 0.9999,
      isControl: control,

      treatment: control
        ? { kind: 'value', value: [] }
        : { kind: 'policy', policyId: 'titles', steadyFor: 'day' },
    });
    const made = await post('/v1/experiments', EXPERIMENT(arm('off', true), arm('on', false)));
    expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
    expect((await post('/v1/experiments/taste/start', {})).status).toBe(200);
    const serve = async (unitId: string) => {
      const context = { history: ['i30', 'i31', 'i32'], device: 'phone' };
      const body = { unitId, context, requests: [{ surface: 'home.titles', limit: 5 }] };
      return (await post('/v1/treatments', body)).json<{ treatments: [Treatment] }>().treatments[0];
    };
    /** Configuration reaches a process a moment after it was written. */
    const serveUntil = async (unitId: string, reason: string): Promise<Treatment> => {
      for (let tries = 0; ; tries++) {
        const treatment = await serve(unitId);
        if (treatment.reason === reason) return treatment;
        if (tries === 500)
          throw new Error(`${unitId} is still served with ${treatment.reason}, not ${reason}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const records = keepRecords(api);
    const known = await serveUntil('u3', 'POLICY');
    expect(known).toMatchObject({ policy: { key: 'implicit-als', version: 1 } });
    const wish = await api.request('PUT', '/v1/units/u3/personalisation', { body: { personalised: false } });
    expect(wish.json()).toMatchObject({ personalised: false, since: expect.any(String) });
    await api.request('PUT', '/v1/units/u5/personalisation', { body: { personalised: false } });
    const plain = await serveUntil('u3', 'NOT_PERSONALISED');
    // The same for all who asked, whatever the request says of them.
    expect((await serveUntil('u5', 'NOT_PERSONALISED')).slate).toEqual(plain.slate);
    expect(plain.policy).toEqual(known.policy);
    const profile = await get<MemberProfile>('/v1/units/u3/profile');
    expect(profile).toMatchObject({ personalised: false, believed: [] });
    const preview = { surface: 'home.titles', unitId: 'u3', policies: [{ policyId: 'titles' }] };
    expect((await post('/v1/previews', preview)).json<Preview>().sides[0]).toMatchObject({
      historySource: 'none',
    });
    const served = records.find(({ id }) => id === plain.decisionId) as DecisionRecord;
    await new FactStore(api.db.database).insertDecisions([encodeDecision(served)]);
    const decision = await get<Record<string, unknown>>(`/v1/decisions/${served.id}`);
    expect(decision).toMatchObject({ reason: 'NOT_PERSONALISED', context: {}, replay: { identical: true } });
    expect(JSON.stringify(decision)).toContain('because it asked not to be known');

    const receipt = await api.request('DELETE', '/v1/units/u3');
    expect(receipt.json()).toMatchObject({ removed: { notPersonalised: 1 } });
    const late = await api.request('PUT', '/v1/units/u3/personalisation', { body: { personalised: false } });
    expect(late.status).toBe(409);
  });

  it('answer with a home page at once: rows, titles, artwork, one product of propensities, and outcomes that count upwards', async () => {
    await setUpRows(post, EXPERIMENT);
    const now = { ...ROWS_POLICY, id: 'now', windowSeconds: 0 };
    expect((await post('/v1/policies', now)).json()).toMatchObject({
      errors: [{ pointer: '/reward/outcomes/0/of', code: 'needs_window' }],
    });
    const put = (body: unknown) => api.request('PUT', '/v1/pages/home', { body });
    const wrong = { ...LAYOUT, rows: { surface: 'title.artwork' }, artwork: { surface: 'nowhere' } };
    expect((await put({ title: 'Home', layout: wrong })).json()).toMatchObject({
      code: 'invalid_page',
      errors: [
        { pointer: '/layout/rows/surface', code: 'unsuitable_surface' },
        { pointer: '/layout/artwork/surface', code: 'unknown_surface' },
      ],
    });
    const kept = await put({ title: 'Home', layout: LAYOUT });
    expect(kept.json()).toMatchObject({ key: 'home', layout: { unique: true, titles: { candidates: 500 } } });
    expect((await get<{ items: unknown[] }>('/v1/pages', api.keys.secret)).items).toEqual([kept.json()]);

    const records = keepRecords(api);
    const page = await servePageOnce(api, () => (records.length = 0));
    expect(page.rows.map(({ id }) => id).sort()).toEqual(['comedies', 'continue', 'dramas', 'more']);
    expect(page.rows.map(({ treatment }) => treatment.subject)).toEqual(page.rows.map(({ id }) => id));
    const titles = page.rows.flatMap((one) => one.titles.map(({ id }) => id));
    expect(new Set(titles).size).toBe(titles.length);
    const number = (id: string): number => Number(id.slice(1));
    const rowOf = (id: string) => page.rows.find((one) => one.id === id);
    expect(rowOf('comedies')?.titles.every(({ id }) => number(id) < 20)).toBe(true);
    expect(rowOf('dramas')?.titles.every(({ id }) => number(id) >= 20)).toBe(true);
    expect(rowOf('continue')?.titles.every(({ id }) => ['i2', 'i21'].includes(id))).toBe(true);
    expect(page.rows[0]?.titles.map(({ artwork }) => artwork !== null)).toEqual(
      (page.rows[0]?.titles ?? []).map((_, place) => place < 2),
    );

    const together = records.filter(({ unitId }) => unitId === 'u9');
    const product = together.reduce((joint, { propensity }) => joint * propensity, 1);
    expect(page.propensity / product).toBeCloseTo(1, 9);
    const first = page.rows[0] as ServedPage['rows'][number];
    const artwork = first.titles[0]?.artwork as Treatment;
    const recorded = together.find(({ id }) => id === artwork.decisionId);
    expect(recorded).toMatchObject({ parentId: first.treatment.decisionId, subject: first.titles[0]?.id });
    const joint = page.order.propensity * first.treatment.propensity * artwork.propensity;
    expect((recorded?.jointPropensity ?? 0) / joint).toBeCloseTo(1, 9);

    // A play that names the artwork counts for the title and the row that it stands in.
    await new FactStore(api.db.database).insertDecisions(together.map((record) => encodeDecision(record)));
    const known = await get<DecisionPage>(`/v1/decisions/${artwork.decisionId}/page`, api.keys.secret);
    expect(known.top).toBe(page.order.decisionId);
    expect(known.decisions.map(({ id }) => id)).toEqual([
      page.order.decisionId,
      ...page.rows.flatMap((one) => [
        one.treatment.decisionId,
        ...one.titles.flatMap((title) => title.artwork?.decisionId ?? []),
      ]),
    ]);
    expect(known.propensity / page.propensity).toBeCloseTo(1, 9);
    await api.db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, decision_id, item_id)
       values ('on-page', now(), now(), 'u9', 'outcome', 'play', $1, $2)`,
      [artwork.decisionId, first.titles[0]?.id],
    );
    const later = new Date(Date.now() + DAY);
    const settled = await api.db.database.transaction(async (tx) =>
      settleDue(tx, await policyRowOf(tx, 'rows'), false, { now: later, through: later }, 100),
    );
    expect(settled).toMatchObject({ decisions: 1, rewards: 4, unattributed: 0 });
    const rewards = await api.db.database.query(
      'select position, action_id, reward from reward where decision_id = $1 order by position',
      [page.order.decisionId],
    );
    expect(rewards).toEqual(
      page.rows.map(({ id }, position) => ({ position, action_id: id, reward: position === 0 ? 1 : 0 })),
    );

    // A tester's token forces arms of a page as well; what it forces counts for no arm and no policy.
    const { token } = (
      await post('/v1/tester-tokens', { name: 'Ann', arms: { 'row-order': 'b' }, hours: 1 })
    ).json<{ token: string }>();
    const forced = await pageForced(api, token, () => (records.length = 0));
    expect(forced.order).toMatchObject({ experiment: 'row-order', arm: 'b', reason: 'FORCED' });
    expect(records.find(({ id }) => id === forced.order.decisionId)).toMatchObject({
      ...{ reason: 'FORCED', experiment: null, arm: null, policyId: null, rewardWindowSeconds: null },
    });

    const bad = await api.request('POST', '/v1/pages/home/serve', { body: { context: 3 } });
    expect(bad.json<{ errors: { pointer: string }[] }>().errors.map(({ pointer }) => pointer)).toEqual([
      '/unitId',
      '/context',
    ]);
    expect((await api.request('POST', '/v1/pages/away/serve', { body: { unitId: 'u9' } })).status).toBe(404);
  });

  it('show a page beforehand, one way beside another, with reasons, and record nothing', async () => {
    const decisions = async () =>
      (await api.db.database.query<{ n: number }>('select count(*)::int as n from decision'))[0]?.n;
    const before = await decisions();
    const body = {
      unitId: 'u7',
      context: { device: 'smart-tv', hour: 21, weekday: 5, unfinished: ['i21'] },
      at: '2026-10-30T21:00:00+01:00',
      sides: [{ titles: 'titles' }, { rows: 'rows', titles: 'at-random' }],
    };
    const answer = await post('/v1/pages/home/preview', body);
    expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
    const preview = answer.json<PagePreview>();
    expect((await post('/v1/pages/home/preview', body)).json()).toEqual(preview);
    const [learned, random] = preview.sides as [PagePreview['sides'][0], PagePreview['sides'][0]];
    expect(learned).toMatchObject({
      policies: { rows: null, titles: { id: 'titles', key: 'implicit-als' }, artwork: null },
      historySource: 'outcomes',
      error: null,
    });
    expect(learned.rows.map(({ id }) => id)).toEqual(['comedies', 'dramas', 'continue', 'more']);
    const dramas = learned.rows[1] as (typeof learned.rows)[0];
    expect(dramas.titles).toHaveLength(5);
    // What u7 watched is drama: each title is held up by titles of its history.
    const own = new Set(learned.history.map(({ id }) => id));
    const because = dramas.titles.flatMap((title) => title.because);
    expect(because.length).toBeGreaterThan(0);
    expect(because.every(({ id, title }) => own.has(id) && title === `Title ${id}`)).toBe(true);
    expect(random.rows.flatMap(({ titles }) => titles).every((title) => title.because.length === 0)).toBe(
      true,
    );
    const idsOf = ({ rows }: typeof learned) => rows.flatMap(({ titles }) => titles.map(({ id }) => id));
    const common = idsOf(random).filter((id) => idsOf(learned).includes(id)).length;
    expect(preview.comparison).toMatchObject({ rows: { common: 4 }, titles: { common } });
    expect(await decisions()).toBe(before);
    expect((await post('/v1/pages/home/preview', { sides: [{ rows: 'nobody' }] })).json()).toMatchObject({
      errors: [{ pointer: '/sides/0/rows', code: 'unknown_policy' }],
    });
    // As a layout that is not saved would make it: another order, a title from elsewhere, fewer titles.
    const until = '2026-12-01T00:00:00Z';
    const pins = [
      { row: 'more', position: 1, until },
      { row: 'comedies', title: 'i39', position: 2, until },
    ];
    const layout = { ...LAYOUT, titles: { surface: 'home.titles', limit: 3 }, pins };
    const draft = (await post('/v1/pages/home/preview', { ...body, layout })).json<PagePreview>();
    const [more, comedies] = draft.sides[0]?.rows ?? [];
    expect([more?.id, more?.pinned, comedies?.id, comedies?.pinned]).toEqual([
      'more',
      true,
      'comedies',
      false,
    ]);
    expect(comedies?.titles.map(({ pinned }) => pinned)).toEqual([false, true, false]);
    expect(comedies?.titles[1]).toMatchObject({ id: 'i39', score: null, propensity: 1 });
    expect(await decisions()).toBe(before);
    const put = (change: object, ifMatch?: string) =>
      api.request('PUT', '/v1/pages/home', {
        body: { title: 'Home', layout: { ...layout, ...change } },
        ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
      });
    const known = await api.request('GET', '/v1/pages/home');
    expect([known.headers['etag'], known.json()]).toMatchObject(['"1"', { revision: 1 }]);
    const nowhere = {
      pins: [
        { ...pins[0], row: 'i1' },
        { ...pins[1], title: 'i999' },
      ],
    };
    expect((await put(nowhere)).json()).toMatchObject({
      code: 'invalid_page',
      errors: [
        { pointer: '/layout/pins/0/row', code: 'unknown_item' },
        { pointer: '/layout/pins/1/title', code: 'unknown_item' },
      ],
    });
    expect((await put({ pins: [pins[0], { ...pins[0], row: 'dramas' }] })).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/layout/pins/1/position', message: 'is taken by another pin' }],
    });
    const again = { id: 'i1', kind: 'row', title: 'Not a row' };
    expect((await post('/v1/items', { onlyNew: true, items: [again] })).json()).toMatchObject({
      status: 409,
      errors: [{ pointer: '/items/0/id', code: 'already_exists' }],
    });
    expect((await put({}, '"7"')).status).toBe(412);
    expect((await put({}, '"0"')).status).toBe(412);
    expect((await put({}, '"1"')).json()).toMatchObject({ revision: 2, layout: { pins } });
    const [change] = (
      await get<{ items: { action: string; before: object; after: object }[] }>('/v1/audit?entity=page')
    ).items;
    expect(change).toMatchObject({
      action: 'page.change',
      before: { revision: 1, layout: { pins: [] } },
      after: { revision: 2, layout: { pins } },
    });
    expect((await api.request('POST', '/v1/pages/home/preview', { body, key: api.keys.secret })).status).toBe(
      403,
    );
  });

  it('say what other weights would bring, and make a policy of the point that is chosen', async () => {
    await api.db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, item_id)
       select 'c' || id, at + interval '1 hour', at, unit_id, 'outcome', 'complete', item_id from event
       where name = 'play' and item_id in ('i0', 'i1', 'i2', 'i3', 'i20', 'i21', 'i22', 'i23')`,
    );
    const path = '/v1/policies/titles/trade-offs';
    const alsoTry = [{ objectives: { completionRate: 3 } }, { atLeast: { completionRate: 0.4 } }];
    expect((await post(path, { alsoTry: [{ diversity: 1e9 }] })).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/alsoTry/0/diversity' }],
    });
    const started = await post(path, { returnDays: 7, seed: 'two', alsoTry });
    expect([started.status, started.status === 201 ? '' : started.text]).toEqual([201, '']);
    const { id } = started.json<TradeOffView>();
    expect((await post(path, {})).json()).toMatchObject({ status: 409, code: 'busy' });
    expect((await post('/v1/policies/at-random/trade-offs', {})).json()).toMatchObject({
      code: 'not_trainable',
    });
    const shares: number[] = [];
    const worker = new RunTradeOff(api.db.database, new InlineFitRunner());
    expect(await worker.run(id, (share) => shares.push(share))).toBe('succeeded');
    expect(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1)).toBe(true);
    expect((await get<{ items: TradeOffView[] }>(path, api.keys.secret)).items).toMatchObject([
      { id, status: 'succeeded', progress: 1, result: null },
    ]);
    const { result } = await get<TradeOffView>(`${path}/${id}`, api.keys.secret);
    const points = result?.curve.points ?? [];
    expect(result).toMatchObject({ features: ['genre'], data: { items: 40, units: 119 } });
    expect(points[0]).toMatchObject({ current: true, change: { play: { estimate: 0 } } });
    // What was asked for besides stands before the usual settings.
    expect(points.slice(1, 3).map(({ setting }) => setting)).toMatchObject([
      alsoTry[0],
      { ...alsoTry[1], places: 10, features: ['genre'] },
    ]);
    const best = (name: 'completion' | 'diversity'): number => {
      const values = points.map(({ objectives }) => objectives[name].estimate);
      return values.indexOf(Math.max(...values));
    };
    const completing = points[best('completion')];
    expect(completing?.change.completion.lower).toBeGreaterThan(0);
    expect(points[best('diversity')]?.change.diversity.lower).toBeGreaterThan(0);
    expect(points.filter(({ efficient }) => efficient).length).toBeGreaterThan(2);
    // Serving knows what was measured, and registering a title anew does not forget it.
    const measured = async () =>
      (
        await get<{ items: { id: string; features: Record<string, number> }[] }>('/v1/items?kind=title')
      ).items.find((item) => item.id === 'i0')?.features['completionRate'];
    const rate = await measured();
    expect(rate).toBeGreaterThan(0.5);
    const again = { id: 'i0', kind: 'title', title: 'Title i0', features: { genre: 'comedy', year: 1990 } };
    await post('/v1/items', { items: [again] });
    expect(await measured()).toBe(rate);

    const point = best('completion');
    const candidate = { point, id: 'finishing', title: 'Watched to the end' };
    const made = await post(`${path}/${id}/candidate`, candidate);
    expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
    const worn = [{ key: 'trade-off', params: completing?.setting }];
    expect(made.json()).toMatchObject({ id: 'finishing', params: { wrappers: worn }, servingVersion: 1 });
    const policies = [{ policyId: 'titles' }, { policyId: 'finishing' }];
    const body = { surface: 'home.titles', unitId: 'u7', limit: 10, policies };
    const { sides } = (await post('/v1/previews', body)).json<Preview>();
    const mean = ({ items }: PreviewSide): number =>
      items.reduce((sum, { features }) => sum + Number(features['completionRate'] ?? 0), 0) / items.length;
    expect(mean(sides[1] as PreviewSide)).toBeGreaterThan(mean(sides[0] as PreviewSide));
    const beyond = await post(`${path}/${id}/candidate`, { ...candidate, point: 999 });
    expect(beyond.json()).toMatchObject({ errors: [{ pointer: '/point', code: 'unknown_point' }] });
  });
});
