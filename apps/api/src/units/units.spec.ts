import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ulid } from 'ulid';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { askedMark } from '../persistence/asked-mark.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvents } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';

type Export = Record<string, Record<string, unknown>[]> & { erasedAt: string | null };

const ADA = 'member "Ada"/1';
const BOB = 'member-2';

describe('units over HTTP', () => {
  let api: TestApi;
  let facts: FactStore;
  const now = Date.now();

  const decision = (unitId: string): DecisionRecord => ({
    id: ulid(now),
    at: now,
    unitId,
    unitType: 'member',
    surface: 'title.artwork',
    subject: 't1',
    experiment: 'art',
    arm: 'bandit',
    phase: 1,
    kind: 'action',
    chosen: 'a1',
    propensity: 0.5,
    armPropensity: 0.5,
    policyId: null,
    policyVersion: null,
    candidates: ['a1', 'a2'],
    probabilities: [0.5, 0.5],
    context: { country: 'FR' },
    seed: 's',
    reason: 'POLICY',
    fallback: null,
    holdout: null,
    exposed: true,
    latencyMicros: 80,
    rewardWindowSeconds: null,
  });
  const event = (unitId: string): ClientEvent => ({
    id: ulid(now),
    kind: 'outcome',
    unitId,
    at: now,
    receivedAt: now,
    decisionId: null,
    name: 'click',
    value: 1,
    actionId: 'a1',
    itemId: null,
    position: null,
    properties: null,
  });
  const store = async (unitId: string) => {
    const record = decision(unitId);
    const decisions = await facts.insertDecisions([encodeDecision(record)]);
    const events = await facts.insertEvents(encodeEvents([{ ...event(unitId), decisionId: record.id }]));
    return { record, decisions, events };
  };
  const derive = async (unitId: string, decisionId: string): Promise<void> => {
    const db = api.db.database;
    await db.query(
      `insert into reward_due (decision_id, decision_at, policy_id, due_at) values ($1, now(), 'p', now())`,
      [decisionId],
    );
    await db.query(
      `insert into reward (decision_id, position, policy_id, action_id, reward, propensity, decision_at, settled_at, version)
       values ($1, 0, 'p', 'a1', 1, 0.5, now(), now(), 1)`,
      [decisionId],
    );
    await db.query(`insert into withheld_outcome values ($1, now(), 'p', $2, null, 'a1', '', 1, 1, now())`, [
      decisionId,
      unitId,
    ]);
    await db.query(
      `insert into exposure_pending (event_id, decision_id, unit_id, at) values ($1, $2, $3, now())`,
      [ulid(), decisionId, unitId],
    );
    await db.query(
      `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on) values ('art', $1, 'bandit', now(), current_date)`,
      [unitId],
    );
    await db.query(`insert into unit_values (experiment, unit_id, measures) values ('art', $1, '{1,1,0}')`, [
      unitId,
    ]);
    await db.query(
      `insert into metric_slot (experiment, metric, slot) values ('art', 'play-rate', 1) on conflict do nothing`,
    );
    await db.query(`insert into quarantine (source, reason, payload) values ('events', 'broken', $1)`, [
      JSON.stringify({ id: 'x', unitId }),
    ]);
  };
  const path = (unitId: string): string => `/v1/units/${encodeURIComponent(unitId)}`;

  beforeAll(async () => {
    api = await startTestApi();
    facts = new FactStore(api.db.database);
    for (const unit of [ADA, BOB]) await derive(unit, (await store(unit)).record.id);
  }, 60_000);
  afterAll(() => api.close());

  it('exports everything that is kept, in the names of the API', async () => {
    const answer = (await api.request('GET', path(ADA))).json<Export>();
    expect(answer).toMatchObject({ unitId: ADA, exportedAt: expect.any(String), erasedAt: null });
    expect(answer['decisions']).toMatchObject([
      { unitId: ADA, surface: 'title.artwork', armPropensity: 0.5, context: { country: 'FR' } },
    ]);
    expect(answer['events']).toMatchObject([{ unitId: ADA, name: 'click', actionId: 'a1' }]);
    for (const section of ['experiments', 'metrics', 'rewards', 'withheldOutcomes', 'pendingExposures'])
      expect(answer[section]).toHaveLength(1);
    const nobody = (await api.request('GET', path('nobody'))).json<Export>();
    expect(nobody).toMatchObject({ decisions: [], events: [], erasedAt: null });
  });

  it('erases everything, keeps others, and refuses what comes later', async () => {
    const receipt = await api.request('DELETE', path(ADA));
    const unitHash = createHash('sha256').update(ADA).digest('hex');
    expect(receipt.json()).toMatchObject({
      unitHash,
      removed: {
        rewards: 1,
        withheldOutcomes: 1,
        dueRewards: 1,
        decisions: 1,
        events: 1,
        pendingExposures: 1,
        metrics: 1,
        experiments: 1,
        quarantine: 1,
      },
    });
    expect(receipt.text).not.toContain('Ada');
    const late = await store(ADA);
    expect([late.decisions.erased, late.events.erased]).toEqual([1, 1]);
    const after = (await api.request('GET', path(ADA))).json<Export>();
    expect(after).toMatchObject({
      decisions: [],
      events: [],
      experiments: [],
      metrics: [],
      rewards: [],
      withheldOutcomes: [],
      pendingExposures: [],
    });
    expect(after.erasedAt).not.toBeNull();
    const bob = (await api.request('GET', path(BOB))).json<Export>();
    for (const section of ['decisions', 'events', 'experiments', 'metrics', 'rewards', 'pendingExposures']) {
      expect(bob[section]).toHaveLength(1);
    }
    const again = (await api.request('DELETE', path(ADA))).json<{ removed: Record<string, number> }>();
    expect(Object.values(again.removed).every((n) => n === 0)).toBe(true);
  });

  it('takes out who asked for a decision of another unit, and of nobody else', async () => {
    const asked = [ulid(now), ulid(now)] as const;
    const [cyd, dot] = ['member-cyd', 'member-dot'];
    await facts.insertDecisions(
      [cyd, dot].map((who, i) => {
        const id = asked[i] ?? '';
        return encodeDecision({ ...decision('tv-1'), id, askedMark: askedMark(id, who) });
      }),
    );
    for (const [i, unitId] of [cyd, dot].entries())
      await facts.insertEvents(
        encodeEvents([{ ...event(unitId), kind: 'exposure', decisionId: asked[i] ?? '' }]),
      );
    const receipt = await api.request('DELETE', path(cyd));
    expect(receipt.json()).toMatchObject({ removed: { askedMarks: 1, decisions: 0, events: 1 } });
    const left = await api.db.database.query(
      `select asked_mark as mark from decision where unit_id = 'tv-1' order by id = $1 desc`,
      [asked[0]],
    );
    expect(left).toEqual([{ mark: null }, { mark: askedMark(asked[1], dot) }]);
  });

  it('puts an erased unit on no list again, neither by upload nor from a file that still names it', async () => {
    for (const [key, hashed] of [
      ['old-plain', false],
      ['old-hashed', true],
    ] as const) {
      await api.request('POST', '/v1/unit-lists', { body: { key, title: 'Old', hashed } });
      const add = (body: object) => api.request('POST', `/v1/unit-lists/${key}/add`, { body });
      const refused = await add({ ids: [BOB, ADA] });
      expect([refused.status, refused.json()['errors']]).toMatchObject([
        400,
        [{ pointer: '/ids/1', code: 'erased' }],
      ]);
      expect((await add({ csv: `${BOB}\n"${ADA.replaceAll('"', '""')}"` })).status).toBe(400);
      expect((await add({ ids: [BOB] })).status).toBe(200);
      const config = { unitLists: [{ key, title: 'Old', hashed, ids: [BOB, ADA] }] };
      const plan = await api.request('POST', '/v1/config/plan', { body: { config } });
      expect(plan.json()).toMatchObject({
        possible: false,
        items: [{ refused: [{ pointer: '/unitLists/0/ids', code: 'erased' }] }],
      });
      expect(plan.text).not.toContain('Ada');
      expect((await api.request('DELETE', `/v1/unit-lists/${key}`)).status).toBe(204);
    }
  });

  it('links nothing to an erased unit, and the rest of a batch all the same', async () => {
    const link = (unitId: string, anonymousId: string) => ({ unitId, anonymousId });
    for (const body of [link(ADA, 'an-7'), link('member-9', ADA)])
      expect((await api.request('POST', '/v1/identities', { body })).json()).toMatchObject({
        ...{ status: 409, code: 'erased' },
      });
    const batch = ['an-7', 'an-8'].map((anonymousId, i) => ({
      ...{ type: 'identify', anonymousId, userId: i === 0 ? ADA : 'member-9' },
    }));
    expect((await api.request('POST', '/v1/batch', { body: { batch } })).json()).toMatchObject({
      ...{ linked: 1, rejected: [{ index: 0, code: 'erased' }] },
    });
  });

  it('leaves the id in no table at all', async () => {
    const { database } = api.db;
    const tables = await database.query<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const [row] = await database.query<{ n: number }>(
        `select count(*)::int as n from ${name} t where position('Ada' in t::text) > 0`,
      );
      if (row?.n) found.push(name);
    }
    expect(tables.length).toBeGreaterThan(20);
    expect(found).toEqual([]);
  });

  it('is for admins', async () => {
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await api.request(method, path(BOB), { key: api.keys.secret })).status).toBe(403);
    }
    expect((await api.request('GET', '/v1/units/%00')).status).toBe(400);
  });
});
