import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { idOf, insertDecisions, insertEvents } from '../../test/learning.js';
import type { DecisionRecord } from '../queues/jobs.js';
import { InlineFitRunner } from '../policies/fit-runner.js';
import { TrainPolicy } from '../policies/train-policy.js';
import { readTrainingSet } from '../policies/training-data.js';
import { DecisionSpool } from '../serving/decision-spool.js';
import type { Treatment } from '../serving/serve-treatments.js';
import type { SearchLog } from './search-log.js';
import type { TriedSearch } from './try-search.js';

const NOW = Date.now();
const HOUR = 3_600_000;
const REWARD = { outcomes: [{ name: 'play', value: 'one' }], combine: 'any' };
const SEARCH = {
  id: 'finder',
  key: 'search',
  title: 'Search by everything',
  params: { wrappers: [{ key: 'hard-filters', params: {} }] },
  exploration: { key: 'greedy', params: {} },
  reward: REWARD,
};
const TITLES = [
  ['moons', 'Moons of Iron', { tags: ['space opera'], description: 'A space pirate returns.' }],
  ['gone', 'Gone Tide', { genres: ['drama'] }],
  ['dark', 'The Dark Harbour', { genres: ['thriller'], people: ['Ann Gray'], maturity: 16 }],
  ...Array.from({ length: 30 }, (_, n) => [`t${n}`, `Chronicle ${100 + n}`, { genres: ['documentary'] }]),
] as const;

describe('search over HTTP', () => {
  let api: TestApi;
  let records: DecisionRecord[];
  const post = (path: string, body: unknown, key?: string) =>
    api.request('POST', path, key === undefined ? { body } : { body, key });
  const ask = async (query: string, more: object = {}, unitId = 'm1'): Promise<Treatment> => {
    const body = { unitId, context: { query, ...more }, requests: [{ surface: 'search.titles', limit: 5 }] };
    const answer = await post('/v1/treatments', body, api.keys.publishable);
    expect([answer.status, answer.status === 200 ? null : answer.text]).toEqual([200, null]);
    return answer.json<{ treatments: [Treatment] }>().treatments[0];
  };
  const ids = ({ slate }: Treatment): string[] => (slate ?? []).map(({ id }) => id);

  beforeAll(async () => {
    api = await startTestApi();
    const spool = api.running.app.get(DecisionSpool);
    const record = spool.record.bind(spool);
    records = [];
    spool.record = (decisions) => {
      records.push(...decisions);
      return record(decisions);
    };
    const items = TITLES.map(([id, title, features], position) => ({
      id,
      kind: 'title',
      title,
      features,
      position,
    }));
    await post('/v1/items', { items });
    await post('/v1/layers', { key: 'search', title: 'Search' });
    await post('/v1/surfaces', {
      key: 'search.titles',
      title: 'Results',
      kind: 'slate',
      candidateKind: 'title',
    });
    expect((await post('/v1/policies', SEARCH)).status).toBe(201);
    const { id } = (await post('/v1/policies/finder/training-runs', {})).json<{ id: string }>();
    // Nobody has watched or searched anything: the catalogue is enough.
    expect(await new TrainPolicy(api.db.database, new InlineFitRunner()).run(id, () => undefined)).toBe(
      'succeeded',
    );
    const experiment = {
      key: 'results',
      title: 'Results',
      hypothesis: 'What is found is played',
      surface: 'search.titles',
      layer: 'search',
      arms: [
        {
          key: 'control',
          title: 'Search',
          weight: 1,
          isControl: true,
          treatment: { kind: 'policy', policyId: 'finder' },
        },
        {
          key: 'same',
          title: 'Search',
          weight: 1,
          isControl: false,
          treatment: { kind: 'policy', policyId: 'finder' },
        },
      ],
      decisionMetric: 'play-rate',
    };
    const created = await post('/v1/experiments', experiment);
    expect([created.status, created.status === 201 ? null : created.text]).toEqual([201, null]);
    const started = await post('/v1/experiments/results/start', {});
    expect([started.status, started.status < 300 ? null : started.text]).toEqual([started.status, null]);
  }, 60_000);
  afterAll(() => api.close());

  it('finds in the whole catalogue, records what was ranked, and shows nothing where nothing is found', async () => {
    // Configuration reaches a process a moment after it was written.
    for (let tries = 0; (await ask('drak harbor')).policy === null && tries < 500; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ids(await ask('drak harbor'))[0]).toBe('dark');
    const record = records.at(-1) as DecisionRecord;
    expect(record).toMatchObject({ context: { query: 'drak harbor' }, policyId: 'finder', fallback: null });
    expect(record.candidates.length).toBeLessThan(TITLES.length / 2);
    expect(ids(await ask('uh the one with the space pirate', { mode: 'voice' }))[0]).toBe('moons');
    const none = await ask('xqzvwk');
    expect(none).toMatchObject({ slate: [], propensity: 1, policy: { key: 'search' } });
    expect(records.at(-1)).toMatchObject({ chosen: [], candidates: [], fallback: null });
    // What may not be seen takes no place, and a member who is not to be known is answered all the same.
    expect(ids(await ask('dark harbour', { maturityLimit: 12 }))).not.toContain('dark');
    await api.request('PUT', '/v1/units/hidden/personalisation', { body: { personalised: false } });
    for (
      let tries = 0;
      (await ask('gone tide', {}, 'hidden')).reason !== 'NOT_PERSONALISED' && tries < 500;
      tries++
    )
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ids(await ask('gone tide', {}, 'hidden'))[0]).toBe('gone');
  });

  it('lets people try a query, and says why each title is found', async () => {
    const body = { query: 'gry', history: ['moons'], limit: 3 };
    const tried = (await post('/v1/policies/finder/search', body, api.keys.secret)).json<TriedSearch>();
    expect(tried).toMatchObject({ policy: { key: 'search', version: 1 }, candidates: TITLES.length });
    expect(tried.items[0]).toMatchObject({ id: 'dark', title: 'The Dark Harbour' });
    expect(tried.items[0]?.reasons.map(({ detail }) => detail).join(' ')).toContain('“gray” in its people');
    const refused = await post('/v1/policies/finder/search', { query: '' }, api.keys.secret);
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ errors: [{ pointer: '/query' }] });
    expect((await post('/v1/policies/none/search', { query: 'x' }, api.keys.secret)).status).toBe(404);
    expect((await post('/v1/policies/finder/search', { query: 'x' }, api.keys.publishable)).status).toBe(403);
    await post('/v1/policies', { id: 'plain', key: 'uniform-random', title: 'Plain', reward: REWARD });
    expect((await post('/v1/policies/plain/search', { query: 'x' }, api.keys.secret)).status).toBe(422);
  });

  it('lists what found nothing and led to nothing, of queries that enough members typed', async () => {
    const { database } = api.db;
    await database.query('select ensure_partitions(current_date - 3, current_date + 1)');
    const at = NOW - 20 * HOUR;
    const searched = (n: number, unitId: string, query: string, slate: string[], minute: number) => ({
      n,
      policyId: 'finder',
      unitId,
      at: at + minute * 60_000 + n,
      context: { query },
      slate,
    });
    await insertDecisions(database, [
      ...Array.from({ length: 6 }, (_, n) => searched(n, `m${n}`, 'Pirates ', [], 0)),
      ...Array.from({ length: 6 }, (_, n) => searched(10 + n, `m${n}`, 'space pirate', ['moons', 'dark'], 2)),
      searched(30, 'm9', 'my secret', [], 0),
    ]);
    await insertEvents(
      database,
      [0, 1, 2, 3].map((n) => ({
        id: `s${n}`,
        n: 10 + n,
        name: 'play',
        at: at + 10 * 60_000,
        itemId: 'moons',
      })),
    );
    await database.query(
      `update event e set unit_id = d.unit_id from decision d where d.id = e.decision_id and e.id like 's%'`,
    );
    const answer = await api.request('GET', '/v1/policies/finder/searches?days=2', { key: api.keys.secret });
    expect(answer.json<SearchLog>()).toMatchObject({ outcomes: ['play'], leastMembers: 5, rare: 1 });
    const log = answer.json<SearchLog>();
    // The served searches of the first test are stored by a queue that this stage does not run.
    expect(log).toMatchObject({ searches: 13, withoutResult: 7, withoutPlay: 9, again: 6 });
    expect(log.queries).toEqual([
      { query: 'pirates', searches: 6, members: 6, withoutResult: 6, withoutPlay: 6 },
      { query: 'space pirate', searches: 6, members: 6, withoutResult: 0, withoutPlay: 2 },
    ]);
    expect(
      (await api.request('GET', '/v1/policies/finder/searches?days=0', { key: api.keys.secret })).status,
    ).toBe(400);
  });

  it('trains from them: what was shown with its propensities, and what it earned', async () => {
    const needs = { contexts: false, tasks: [], catalogue: 'title', listsAbout: 'query' };
    const data = await api.db.database.transaction((tx) =>
      readTrainingSet(tx, REWARD as never, new Date(NOW), needs),
    );
    expect(data.catalogue?.length).toBe(TITLES.length);
    expect(data.lists?.length).toBe(13);
    const found = data.lists?.filter(({ items }) => items.length > 0) ?? [];
    expect(found.map(({ earned }) => [...earned])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(found[0]).toMatchObject({
      unitId: 'm0',
      context: { query: 'space pirate' },
      items: ['moons', 'dark'],
    });
    expect([...(found[0]?.propensities ?? [])]).toEqual([0.5, 0.5]);
    expect(idOf(10)).toMatch(/^01JT/);
  });
});
