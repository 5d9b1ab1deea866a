import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '#experiments';
import type { TrainingSet } from '#policies';
import type { TestApi } from '../../test/api.js';
import { keepRecords } from '../../test/keep-records.js';
import { DAY, NOW, POLICY, startRecommenders } from '../../test/recommenders.js';
import type { ModelCard } from '../model-cards/model-card.js';
import type { MemberProfile } from '../members/profiles.js';
import type { Preview } from '../members/previews.js';
import { historyOf, newestRequestOf, withHistory } from '../members/member.js';
import { Items, requestOf } from '../off-policy/logged-items.js';
import { FactStore } from '../persistence/fact-store.js';
import { InlineFitRunner } from '../policies/fit-runner.js';
import type { FitTask, RunProgress } from '../policies/fit.js';
import { LearnPolicy } from '../policies/learn-policy.js';
import type { FairnessView } from '../policies/lists/fairness.js';
import type { RewardDefinition } from '../policies/reward.js';
import { TrainPolicy } from '../policies/train-policy.js';
import { encodeDecision } from '../queues/decision-lines.js';
import type { DecisionRecord } from '../queues/jobs.js';
import type { FeatureDetail } from './features.service.js';
import type { FeatureList } from './feature-view.js';

const CATEGORY = { kind: 'category', description: 'What it says', source: 'profile' };
const NET = {
  ...POLICY,
  id: 'net',
  key: 'deep',
  params: { dimension: 4, hidden: 4, epochs: 1, negatives: 1, batch: 1024, leastContexts: 1 },
};
const LINEAR = {
  ...POLICY,
  id: 'linear',
  key: 'lin-ucb',
  params: { attributes: ['device'] },
  exploration: { key: 'epsilon-mix', params: {} },
};

describe('the registry of features', () => {
  let api: TestApi;
  let records: DecisionRecord[];
  /** All that fits were given. */
  const given: TrainingSet[] = [];
  class Reporting extends InlineFitRunner {
    override run(task: FitTask, progress: RunProgress, keep?: (bytes: Uint8Array) => void) {
      given.push(task.data);
      return super.run(task, progress, keep);
    }
  }

  const put = async (path: string, body: unknown, status = 200) => {
    const answer = await api.request('PUT', path, { body });
    expect([path, answer.status, answer.status === status ? '' : answer.text]).toEqual([path, status, '']);
    return answer;
  };
  const post = async (path: string, body: unknown) => api.request('POST', path, { body });
  const list = async () =>
    (await api.request('GET', '/v1/features', { key: api.keys.secret })).json<FeatureList>();
  const card = async () => (await api.request('GET', '/v1/policies/net/model-card')).json<ModelCard>();
  const train = async (body: object = {}): Promise<TrainingSet> => {
    const made = await post('/v1/policies/net/training-runs', body);
    expect([made.status, made.status === 202 ? '' : made.text]).toEqual([202, '']);
    const trainer = new TrainPolicy(api.db.database, new Reporting());
    expect(await trainer.run(made.json<{ id: string }>().id, () => undefined)).toBe('succeeded');
    return given.at(-1) as TrainingSet;
  };
  /** Serves until the process knows the registry as it is now. */
  const serve = async (unitId: string, context: object, settled: (record: DecisionRecord) => boolean) => {
    const body = { unitId, context, requests: [{ surface: 'home.titles', limit: 5 }] };
    for (let tries = 0; ; tries++) {
      const { treatments } = (await post('/v1/treatments', body)).json<{
        treatments: { decisionId: string }[];
      }>();
      const record = records.find(({ id }) => id === treatments[0]?.decisionId);
      if (record && settled(record)) {
        await new FactStore(api.db.database).insertDecisions([encodeDecision(record)]);
        return record;
      }
      if (tries === 500) throw new Error(`still served with ${JSON.stringify(record)}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  const play = async (record: DecisionRecord, item: string, name = 'play') =>
    api.db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, item_id, decision_id)
       values ($1 || $3, to_timestamp($2 / 1000.0), now(), $4, 'outcome', $3, $5, $1)`,
      [record.id, record.at, name, record.unitId, item],
    );
  const contextsOf = (data: TrainingSet): readonly Context[] => data.contexts ?? [];

  beforeAll(async () => {
    api = await startRecommenders();
    records = keepRecords(api);
    for (const policy of [NET, LINEAR]) {
      const made = await post('/v1/policies', policy);
      expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
    }
    await api.db.database.query(`select ensure_partitions($1::date, $2::date)`, [
      new Date(NOW - DAY),
      new Date(NOW + DAY),
    ]);
  }, 60_000);
  afterAll(() => api.close());

  it('keeps definitions with their history, raises the version of the schema with each change, and audits', async () => {
    expect(await list()).toMatchObject({ schemaVersion: 0, unregistered: 'given', items: [] });
    const made = await put('/v1/features/context/device', { ...CATEGORY, source: 'app' });
    expect(made.json<FeatureDetail>()).toMatchObject({
      entity: 'context',
      name: 'device',
      version: 1,
      sensitive: false,
      consent: false,
      readBy: [
        { id: 'net', how: 'all' },
        { id: 'linear', how: 'named' },
      ],
      changes: [{ version: 1, action: 'register', what: [] }],
    });
    await put('/v1/features/context/device', { ...CATEGORY, source: 'app' });
    await put('/v1/features/member/gender', { ...CATEGORY, sensitive: true });
    const age = { ...CATEGORY, kind: 'number', unit: 'years', range: [0, 120], consent: true };
    await put('/v1/features/member/age', age);
    await put('/v1/features/title/maker', { ...CATEGORY, sensitive: true, source: 'catalogue' });
    const all = await list();
    expect(all).toMatchObject({
      schemaVersion: 4,
      found: [
        { entity: 'title', name: 'genre' },
        { entity: 'title', name: 'year' },
      ],
    });
    expect(all.items.map(({ name, version, readBy }) => [name, version, readBy.length])).toEqual([
      ['device', 1, 2],
      ['age', 3, 1],
      ['gender', 2, 0],
      ['maker', 4, 0],
    ]);
    const bad: [string, object, string][] = [
      ['member/x', { ...CATEGORY, kind: 'picture' }, '/kind'],
      ['member/x', { ...CATEGORY, range: [0, 1] }, '/kind'],
      ['member/x', { ...age, range: [9, 1] }, '/range'],
      ['member/x', { ...CATEGORY, colour: 'red' }, '/colour'],
    ];
    for (const [path, body, pointer] of bad)
      expect((await put(`/v1/features/${path}`, body, 400)).json()).toMatchObject({ errors: [{ pointer }] });
    expect((await put('/v1/features/member/consents', CATEGORY, 400)).text).toContain('is no feature');
    await put('/v1/features/planet/x', CATEGORY, 400);
    expect((await put('/v1/features/context/gender', CATEGORY, 409)).json()).toMatchObject({
      code: 'name_taken',
    });
    expect((await api.request('DELETE', '/v1/features/member/nothing')).status).toBe(404);
    const secret = { key: api.keys.secret };
    expect((await api.request('GET', '/v1/features/member/age', secret)).status).toBe(200);
    expect((await api.request('PUT', '/v1/features/member/age', { ...secret, body: age })).status).toBe(403);
    expect((await api.request('DELETE', '/v1/features/member/age', secret)).status).toBe(403);
    expect((await api.request('GET', '/v1/features', { key: api.keys.publishable })).status).toBe(403);
    const audit = (await api.request('GET', '/v1/audit?entity=feature')).json<{
      items: { entityKey: string }[];
    }>();
    expect(audit.items.map(({ entityKey }) => entityKey)).toEqual([
      'title/maker',
      'member/age',
      'member/gender',
      'context/device',
    ]);
  });

  it('lets no policy name what it never gets, and takes nothing from a policy behind its back', async () => {
    const named = { ...LINEAR, id: 'worse', params: { attributes: ['device', 'gender'] } };
    expect((await post('/v1/policies', named)).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/params/attributes/1', code: 'sensitive_feature' }],
    });
    const patch = { params: { attributes: ['gender'] } };
    const patched = await api.request('PATCH', '/v1/policies/linear', { body: patch });
    expect(patched.json()).toMatchObject({ status: 400, errors: [{ code: 'sensitive_feature' }] });
    const taken = await put('/v1/features/context/device', { ...CATEGORY, sensitive: true }, 409);
    expect(taken.json()).toMatchObject({
      code: 'feature_in_use',
      detail: expect.stringContaining('"linear"'),
    });
    // To leave a feature out is not to read it.
    const content = { ...POLICY, id: 'content', key: 'content', params: { ignore: ['maker'] } };
    expect((await post('/v1/policies', content)).status).toBe(201);
  });

  it('tells policies nothing sensitive and nothing without consent: served, stored, trained, previewed', async () => {
    const titles = (await api.request('GET', '/v1/items?kind=title&limit=1')).json<{
      items: [{ id: string }];
    }>();
    const [first] = titles.items;
    await post('/v1/items', { items: [{ ...first, features: { genre: 'comedy', year: 1990, maker: 'm' } }] });
    await train();
    const arms = [
      { key: 'off', weight: 0.0001, isControl: true, treatment: { kind: 'value', value: [] } },
      {
        key: 'on',
        weight: 0.9999,
        isControl: false,
        treatment: { kind: 'policy', policyId: 'net', steadyFor: 'day' },
      },
    ];
    const experiment = {
      key: 'taste',
      title: 'T',
      hypothesis: 'h',
      surface: 'home.titles',
      layer: 'home',
      arms,
    };
    expect((await post('/v1/experiments', { ...experiment, decisionMetric: 'watch-minutes' })).status).toBe(
      201,
    );
    expect((await post('/v1/experiments/taste/start', {})).status).toBe(200);
    const said = { gender: 'f', age: 30, device: 'tv' };
    const isServed = ({ policyId, fallback, featureVersion }: DecisionRecord) =>
      policyId === 'net' && fallback === null && featureVersion === 4;
    const agreed = await serve('m1', { ...said, consents: ['age'] }, isServed);
    expect(agreed).toMatchObject({
      context: { age: 30, device: 'tv' },
      audit: { gender: 'f', consents: ['age'] },
    });
    expect(Object.keys(agreed.context)).toEqual(['age', 'device']);
    const silent = await serve('m2', { ...said, gender: 'm' }, isServed);
    expect([silent.context, silent.audit]).toEqual([{ device: 'tv' }, { gender: 'm' }]);
    for (const record of [agreed, silent]) await play(record, 'i3');

    const data = await train();
    expect(contextsOf(data)).toEqual(expect.arrayContaining([{ age: 30, device: 'tv' }, { device: 'tv' }]));
    expect(JSON.stringify(data)).not.toMatch(/gender|consents|maker/);
    expect(data.itemFeatures[data.items.indexOf(first.id)]).toEqual({ genre: 'comedy', year: 1990 });
    const preview = { surface: 'home.titles', unitId: 'm2', context: said, policies: [{ policyId: 'net' }] };
    expect((await post('/v1/previews', preview)).json<Preview>().context).toEqual({ device: 'tv' });

    // Features of actions in a log that is older than the registry, asked again in the lab.
    const logged = {
      decision_at: new Date(),
      subject: null,
      unit_id: 'm1',
      context: {},
      candidates: ['x'],
      features: { x: { gender: 'f', age: 30, maker: 'm', rank: 1 } },
    };
    const items = new Items(api.db.database);
    await items.load([logged]);
    expect(requestOf(logged, items).actions).toEqual([{ id: 'x', features: { rank: 1 } }]);

    const path = '/v1/policies/net/fairness?segment=gender&leastMembers=2&feature=genre';
    const fairness = (await api.request('GET', path)).json<FairnessView>();
    expect(fairness.attributes).toContain('gender');
    expect(fairness.segments?.groups.map(({ group }) => group)).toEqual(['f', 'm']);
  });

  it('gives a feature up once its consent is withdrawn: later decisions, the next training, and for good', async () => {
    const wrong = await put('/v1/units/m1/consents', { withdrawn: ['device'] }, 400);
    expect(wrong.json()).toMatchObject({ errors: [{ pointer: '/withdrawn/0', code: 'no_consent_needed' }] });
    const other = await serve('m3', { age: 50, consents: ['age'] }, ({ policyId }) => policyId === 'net');
    await play(other, 'i3');
    const view = (await put('/v1/units/m1/consents', { withdrawn: ['age'] })).json();
    expect(view).toMatchObject({ withdrawn: [{ feature: 'age' }] });
    const later = await serve('m1', { age: 30, consents: ['age'] }, ({ context }) => !('age' in context));
    expect([later.context, later.audit]).toEqual([{}, null].map((one) => one ?? undefined));
    const ages = async () => contextsOf(await train()).flatMap(({ age }) => age ?? []);
    expect(await ages()).toEqual([50]);
    // Given again, it counts from then on.
    await put('/v1/units/m1/consents', { withdrawn: [] });
    expect(await ages()).toEqual([50]);
    await play(await serve('m1', { age: 31, consents: ['age'] }, ({ context }) => 'age' in context), 'i4');
    expect(await ages()).toEqual([50, 31]);
    const profile = (await api.request('GET', '/v1/units/m1/profile')).json<MemberProfile>();
    expect(profile).toMatchObject({ withdrawn: [], newestRequest: { context: { age: 31 } } });
    const audit = (await api.request('GET', '/v1/audit?entity=unit')).text;
    expect(audit).toContain('unit.consents');
  });

  it('shows a preview the history that serving would get, with how steps ended, when and on which device', async () => {
    const isServed = ({ policyId }: DecisionRecord) => policyId === 'net';
    const db = api.db.database;
    const record = await serve('m6', { device: 'tv' }, isServed);
    await play({ ...record, id: 'elsewhere', at: record.at - 2000 }, 'i8');
    await play({ ...record, at: record.at - 1000 }, 'i7');
    await play(record, 'i7', 'complete');
    const ago = (ms: number) => new Date(record.at - ms).toISOString();
    const stored = await historyOf(
      db,
      'm6',
      await newestRequestOf(db, 'm6'),
      POLICY.reward as RewardDefinition,
    );
    expect(stored).toMatchObject({
      source: 'outcomes',
      items: [{ id: 'i7', outcome: 'play' }, { id: 'i8' }],
    });
    expect(stored.context).toEqual({
      history: ['i8', 'i7'],
      historyActions: ['play', 'complete'],
      historyAt: [ago(2000), ago(0)],
      historyDevices: ['', 'tv'],
    });
    // What a client sends is what its policy gets, to the entry: also what was used twice.
    const sent = {
      history: ['i1', 'i2', 'i1'],
      historyActions: ['skip', 'complete', 'play'],
      device: 'phone',
    };
    await serve('m6', sent, isServed);
    const newest = await newestRequestOf(db, 'm6');
    const past = await historyOf(db, 'm6', newest, null);
    expect(past).toMatchObject({ source: 'request', items: [{ id: 'i1' }, { id: 'i2' }] });
    expect(withHistory({ ...newest?.context, historyAt: ['x'] }, past)).toEqual(sent);
  });

  it('learns what was known at the decision, whatever titles are called since', async () => {
    const isServed = ({ policyId }: DecisionRecord) => policyId === 'net';
    const record = await serve('m4', { device: 'phone', mood: 'calm' }, isServed);
    const before = new Date();
    await post('/v1/items', {
      items: [{ id: 'i5', kind: 'title', title: 'I5', features: { genre: 'western' } }],
    });
    await play(record, 'i5');
    const featuresOf = (data: TrainingSet) => data.itemFeatures[data.items.indexOf('i5')];
    // What the member said is frozen with the decision; of the title, training to a cut sees what was known at the cut.
    const then = await train({ cutAt: before.toISOString() });
    expect(featuresOf(then)).toEqual({ genre: 'comedy', year: 1995 });
    const now = await train();
    expect(featuresOf(now)).toEqual({ genre: 'western' });
    expect(contextsOf(now)).toContainEqual({ device: 'phone', mood: 'calm' });

    // A reward that is settled after the change learns what the title was at the decision.
    const chosen = {
      ...record,
      id: `${record.id.slice(0, -1)}0`,
      kind: 'action' as const,
      chosen: 'i5',
      policyId: 'linear',
    };
    const action = {
      ...chosen,
      candidates: ['i5', 'i6'],
      probabilities: [0.5, 0.5],
      exposed: true,
      rewardWindowSeconds: 1,
    };
    await new FactStore(api.db.database).insertDecisions([encodeDecision(action)]);
    await play(action, 'i5');
    await new LearnPolicy(api.db.database).run('linear', new Date(Date.now() + DAY));
    const [reward] = await api.db.database.query<{ features: Context; reward: number }>(
      `select features, reward from reward where decision_id = $1`,
      [action.id],
    );
    expect(reward).toEqual({ features: { genre: 'comedy', year: 1995 }, reward: 1 });
  });

  it('says which features changed since a model was made, promotes no such model, and is content with a new one', async () => {
    const before = await card();
    expect(before.features).toMatchObject({ schemaVersion: 4, madeUnder: 4, changed: [] });
    expect(before.features.reads.map(({ name, how }) => [name, how])).toEqual([
      ['device', 'all'],
      ['age', 'all'],
    ]);
    await put('/v1/features/context/device', { ...CATEGORY, source: 'user agent' });
    const after = await card();
    const what = ['source was profile, is user agent'].map(() =>
      expect.stringMatching(/^source was .*, is user agent$/),
    );
    expect(after.features).toMatchObject({
      schemaVersion: 5,
      madeUnder: 4,
      changed: [{ name: 'device', version: 5, what }],
    });
    expect(after.notes[0]).toMatch(/"device" changed in schema 5 .* train it again/);
    const version = before.serving?.version;
    expect((await post('/v1/policies/net/promote', { version })).json()).toMatchObject({
      status: 409,
      code: 'features_changed',
      detail: expect.stringMatching(/made under schema 4 .*"device".*train it again/),
    });
    await train();
    expect((await card()).features).toMatchObject({ madeUnder: 5, changed: [] });
    // Retired and unregistered: gone from what policies are told.
    expect((await api.request('DELETE', '/v1/features/member/age')).json()).toMatchObject({
      retired: true,
      version: 6,
    });
    await put('/v1/features/settings', { unregistered: 'withheld' });
    const said = { age: 30, consents: ['age'], device: 'tv', mood: 'calm' };
    const last = await serve('m5', said, ({ featureVersion }) => featureVersion === 7);
    expect(last.context).toEqual({ device: 'tv' });
    const data = await train();
    expect(new Set(contextsOf(data).flatMap((context) => Object.keys(context)))).toEqual(new Set(['device']));
    expect(data.itemFeatures.every((features) => Object.keys(features).length === 0)).toBe(true);
    // Nor do previews tell what is stored of a history that serving would not get.
    expect(await historyOf(api.db.database, 'm6', null, null)).toMatchObject({ source: 'none', items: [] });
  });
});
