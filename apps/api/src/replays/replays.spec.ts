import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRng } from '#experiments';
import { compileExploration, policyRegistry, serveAction } from '#policies';
import type { BanditPolicy, RewardedDecision } from '#policies';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import { storeState } from '../policies/snapshot-state.js';
import { insertSnapshot } from '../policies/snapshot-store.js';
import type { DecisionDetail } from '../serving/decision-inspector.js';
import type { Treatment } from '../serving/serve-treatments.js';
import type { CounterfactualAnswer } from './counterfactual.js';
import type { ReplayPage } from './replay-log.js';

const ART = ['a1', 'a2', 'a3', 'a4', 'a5'];
const MOODS = ['dark', 'bright', 'warm', 'dark', 'cold'];
const FLOOR = 0.02;
const policy = policyRegistry.get('linear-thompson') as BanditPolicy;
const params = policy.params.parse({ wrappers: [{ key: 'fatigue', params: { most: 2 } }] });
const actions = ART.map((id, i) => ({ id, features: { mood: MOODS[i] as string } }));

/** What the policy would have learned from rewards that depend on device and artwork. */
function learned(rounds: number): unknown {
  const rng = createRng(`replays ${rounds}`);
  const batch = Array.from({ length: rounds }, (_, n): RewardedDecision => {
    const i = rng.below(5);
    const device = rng.uniform() < 0.5 ? 'tv' : 'phone';
    const likely = device === 'tv' ? 0.1 + 0.1 * i : 0.5 - 0.1 * i;
    return {
      decisionId: `d${n}`,
      unitId: `u${n}`,
      context: { device },
      subject: 't1',
      action: actions[i] as RewardedDecision['action'],
      position: 0,
      propensity: 0.2,
      reward: Number(rng.uniform() < likely),
      at: 0,
    };
  });
  return policy.update(policy.initialState(params), batch, params);
}

describe('decisions made again', () => {
  let api: TestApi;
  let worker: Running<Awaited<ReturnType<typeof createWorker>>['app']>;
  const states = new Map<number, unknown>();
  const served: Treatment[] = [];
  let from = '';
  let to = '';
  const sql = <R extends Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<R[]> => api.db.database.query<R>(text, values);
  async function until(probe: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 60_000; !(await probe()); await sleep(25)) {
      if (Date.now() > deadline) throw new Error('waited in vain');
    }
  }
  const contextOf = (n: number) => ({
    device: n % 2 === 0 ? 'tv' : 'phone',
    ...(n % 10 === 0 && { seen: ['a5', 'a5'] }),
  });
  async function serve(first: number, count: number, request: object): Promise<Treatment[]> {
    const all: Treatment[] = [];
    for (let n = first; n < first + count; n += 20) {
      const answer = await api.request('POST', '/v1/treatments', {
        body: {
          unitId: `m${n}`,
          context: contextOf(n / 20),
          requests: Array.from({ length: 20 }, () => request),
        },
      });
      all.push(...answer.json<{ treatments: Treatment[] }>().treatments);
    }
    return all;
  }
  async function letServe(version: number, rounds: number): Promise<void> {
    const state = learned(rounds);
    states.set(version, state);
    await insertSnapshot(api.db.database, {
      policyId: 'linear',
      version,
      stateVersion: policy.stateVersion,
      params: params as never,
      state: storeState(policy as never, state),
      status: 'accepted',
      reason: null,
      rowsUsed: rounds,
      meanReward: null,
      learnedThrough: null,
      now: new Date(),
    });
    await sql(`update policy set serving_version = $1, latest_version = $1 where id = 'linear'`, [version]);
    await sql(`select pg_notify('marquee_snapshot', 'linear')`);
    await until(async () => {
      const [one] = await serve(0, 1, { surface: 'art', subject: 't1' });
      return one?.policy?.version === version;
    });
  }
  const post = (path: string, body: unknown, key = api.keys.secret) =>
    api.request('POST', `/v1/${path}`, { body, key });
  async function replay(id: string, body: object): Promise<ReplayPage> {
    const answer = await post(`policies/${id}/replay`, { from, to, ...body });
    expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
    return answer.json<ReplayPage & Record<string, unknown>>();
  }
  /** All pages; the items of all of them and the totals of the last. */
  async function replayAll(id: string, body: object): Promise<ReplayPage & { pages: number }> {
    let page = await replay(id, body);
    const items = [...page.items];
    let pages = 1;
    while (page.nextCursor !== null) {
      page = await replay(id, { ...body, cursor: page.nextCursor });
      items.push(...page.items);
      pages++;
    }
    return { ...page, items, pages };
  }

  beforeAll(async () => {
    api = await startTestApi();
    worker = await createWorker({ ...api.config, roles: ['ingest'] });
    await sql(`insert into surface (key, title, kind, default_value, candidate_kind) values
      ('art', 'Artwork', 'action', 'null', 'artwork'), ('rows', 'Rows', 'slate', 'null', 'row'), ('banner', 'Banner', 'value', '"plain"', null)`);
    for (const [i, id] of ART.entries())
      await sql(
        `insert into item (id, kind, subject, title, features) values ($1, 'artwork', 't1', $2, $3)`,
        [id, `Art ${id}`, JSON.stringify({ mood: MOODS[i] })],
      );
    await sql(
      `insert into item (id, kind, subject, title, features) select 'r' || n, 'row', null, 'R' || n, '{}' from generate_series(1, 6) n`,
    );
    await sql(
      `insert into layer (key, title, salt) values ('one', 'One', 'layer:one'), ('two', 'Two', 'layer:two')`,
    );
    await sql(
      `insert into policy (id, key, title, params, exploration, floor, window_seconds) values
      ('linear', 'linear-thompson', 'Linear', $1, '{"key":"greedy"}', $2, 3600),
      ('pl', 'fixed-order', 'Order', '{}', '{"key":"plackett-luce","params":{"temperature":1}}', 0, 3600),
      ('uniform', 'uniform-random', 'Uniform', '{}', '{"key":"greedy"}', 0, 3600)`,
      [JSON.stringify(params), FLOOR],
    );
    for (const [surface, layer, policyId] of [
      ['art', 'one', 'linear'],
      ['rows', 'two', 'pl'],
    ]) {
      const arms = ['control', 'bandit'].map((key) => ({
        key,
        title: key,
        weight: 1,
        isControl: key === 'control',
        treatment: { kind: 'policy', policyId, steadyFor: 'decision' },
      }));
      await sql(
        `insert into experiment (key, title, hypothesis, surface, status, layer, layer_from, layer_to, traffic, arms, phase, salt, decision_metric)
         values ($1, $1, 'more plays', $1, 'running', $2, 0, 1, 1, $3, 1, $1, 'play-rate')`,
        [surface, layer, JSON.stringify(arms)],
      );
    }
    await sql(`select pg_notify('marquee_catalog', '')`);
    await letServe(1, 400);
    from = new Date(Date.now() + 1).toISOString();
    await sleep(2);
    served.push(...(await serve(0, 600, { surface: 'art', subject: 't1' })));
    to = '';
    const settled = Date.now();
    await sleep(2);
    await letServe(2, 4000);
    // What was asked while waiting is not part of the thousand.
    const again = new Date();
    await sql(`delete from decision where at > $1 and at < $2`, [new Date(settled), again]);
    served.push(...(await serve(600, 400, { surface: 'art', subject: 't1' })));
    served.push(...(await serve(1000, 200, { surface: 'rows', limit: 4 })));
    served.push(...(await serve(1200, 20, { surface: 'banner' })));
    to = new Date(Date.now() + 60_000).toISOString();
    const last = served.map((one) => one.decisionId);
    await until(async () => {
      const [row] = await sql<{ n: number }>(`select count(*)::int as n from decision where id = any($1)`, [
        last,
      ]);
      return row?.n === last.length;
    });
    await sql(`delete from decision where not (id = any($1))`, [last]);
  }, 120_000);
  afterAll(async () => {
    await worker.close();
    await api.close();
  });

  it('chooses the same 1,000 of 1,000 times in the versions that served, with the same probabilities', async () => {
    const all = await replayAll('linear', { limit: 300 });
    expect(all).toMatchObject({
      candidate: { policyId: 'linear', version: 'logged' },
      items: [],
      pages: 4,
      totals: {
        decisions: 1000,
        differ: 0,
        differShare: 0,
        meanWeight: 1,
        effectiveSampleSize: 1000,
        skipped: [],
      },
    });
    expect(all.totals.meanProbability).toBe(all.totals.meanPropensity);
    const versions = await sql<{ v: number; n: number }>(
      `select policy_version as v, count(*)::int as n from decision where policy_id = 'linear' group by 1 order by 1`,
    );
    expect(versions).toEqual([
      { v: 1, n: 600 },
      { v: 2, n: 400 },
    ]);
    // Slates too, and their probability is that of the whole order.
    expect(await replayAll('pl', { show: 'all' })).toMatchObject({
      totals: { decisions: 200, differ: 0, meanWeight: 1 },
    });
  });

  it('shows what another policy, version or floor would have done, the same in any pages', async () => {
    const rows = await sql<{
      id: string;
      propensity: number;
      policy_version: number;
      context: { seen?: unknown };
    }>(
      `select id, propensity, policy_version, context from decision where policy_id = 'linear' order by at, id`,
    );
    const uniform = await replayAll('linear', {
      candidate: { policyId: 'uniform' },
      limit: 1000,
      show: 'all',
    });
    const paged = await replayAll('linear', { candidate: { policyId: 'uniform' }, limit: 170, show: 'all' });
    expect(paged.items).toEqual(uniform.items);
    expect(paged.totals).toEqual(uniform.totals);
    expect(uniform.items.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    const weights = rows.map(({ propensity }) => 0.2 / propensity);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const squares = weights.reduce((total, weight) => total + weight * weight, 0);
    expect(uniform.totals.meanProbability).toBeCloseTo(0.2, 12);
    expect(uniform.totals.meanWeight).toBeCloseTo(sum / 1000, 10);
    expect(uniform.totals.effectiveSampleSize).toBeCloseTo((sum * sum) / squares, 8);
    expect(uniform.totals.largestWeights[0]?.weight).toBeCloseTo(Math.max(...weights), 10);
    expect(uniform.totals.differ).toBe(uniform.items.filter(({ same }) => !same).length);
    expect(uniform.totals.differ).toBeGreaterThan(300);

    const one = await replayAll('linear', { candidate: { version: 1 } });
    expect(one.candidate).toMatchObject({ policyId: 'linear', version: 1 });
    expect(one.totals.differ).toBeGreaterThan(0);
    expect(one.items.every((item) => item.version === 2 && item.served[0] !== item.candidate[0])).toBe(true);

    // The floor is additive over the actions that may be served: five, or four where one was seen too often.
    const floored = await replayAll('linear', { candidate: { floor: 0.1 }, show: 'all', limit: 1000 });
    floored.items.forEach(({ probability, propensity }, i) => {
      const open = rows[i]?.context.seen === undefined ? 5 : 4;
      const before = (propensity - FLOOR) / (1 - open * FLOOR);
      expect(probability).toBeCloseTo(0.1 + (1 - open * 0.1) * before, 10);
    });
  });

  it('compares orders of slates, and the probability of the served order under the candidate', async () => {
    const hot = await replayAll('pl', {
      candidate: { exploration: { key: 'plackett-luce', params: { temperature: 3 } } },
      show: 'all',
    });
    const scores = await sql<{ chosen: { id: string }[]; candidates: string[] }>(
      `select chosen, candidates from decision where id = $1`,
      [hot.items[0]?.id],
    );
    const [row] = scores;
    const detail = await api.request('GET', `/v1/decisions/${hot.items[0]?.id ?? ''}`, {
      key: api.keys.secret,
    });
    const candidates = detail.json<DecisionDetail & Record<string, unknown>>().candidatesDetail;
    const weightOf = new Map(candidates.map(({ id, score }) => [id, Math.exp((score as number) / 3)]));
    let left = [...weightOf.values()].reduce((total, weight) => total + weight, 0);
    let product = 1;
    for (const { id } of row?.chosen ?? []) {
      product *= (weightOf.get(id) as number) / left;
      left -= weightOf.get(id) as number;
    }
    expect(hot.items[0]?.probability).toBeCloseTo(product, 12);
    expect(hot.items[0]?.served).toHaveLength(4);
    expect(hot.totals.differ).toBeGreaterThan(0);
  });

  it('refuses what cannot be replayed, with a pointer', async () => {
    const faults: readonly [object, string][] = [
      [{ candidate: { policyId: 'nobody' } }, '/candidate/policyId'],
      [{ candidate: { policyId: 'uniform', version: 'logged' } }, '/candidate/version'],
      [{ candidate: { params: { wrappers: [{ key: 'nothing' }] } } }, '/candidate/params/wrappers/0/key'],
      [{ candidate: { exploration: { key: 'nothing' } } }, '/candidate/exploration'],
      [{ candidate: { floor: 0.9 } }, '/candidate/floor'],
      [{ from: to, to: from }, '/from'],
      [{ from: '2026-01-01T00:00:00Z' }, '/from'],
      [{ cursor: 'x' }, '/cursor'],
      [{ limit: 1001 }, '/limit'],
    ];
    for (const [body, pointer] of faults) {
      const answer = await post('policies/linear/replay', { from, to, ...body });
      expect([answer.status, answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer]).toEqual([
        400,
        pointer,
      ]);
    }
    const { nextCursor } = await replay('linear', { limit: 10 });
    const mixed = await post('policies/linear/replay', { cursor: nextCursor, candidate: { version: 1 } });
    expect(mixed.text).toContain('another policy or candidate');
    const gone = await post('policies/linear/replay', { from, to, candidate: { version: 99 } });
    expect([gone.status, gone.json()['code']]).toEqual([422, 'not_replayable']);
    expect((await post('policies/nobody/replay', {})).status).toBe(404);
    expect((await post('policies/linear/replay', {}, api.keys.publishable)).status).toBe(403);
    expect(
      (await replay('linear', { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })).totals,
    ).toMatchObject({
      decisions: 0,
      meanWeight: null,
      effectiveSampleSize: null,
    });
  });

  const ask = async (id: string, body: object): Promise<CounterfactualAnswer> => {
    const answer = await post(`decisions/${id}/counterfactual`, body);
    expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
    return answer.json<CounterfactualAnswer & Record<string, unknown>>();
  };
  const exploration = compileExploration('greedy', {});
  /** As the library computes them, from the state that was stored. */
  const probabilities = (
    version: number,
    context: Record<string, string | readonly string[]>,
    floor = FLOOR,
  ): number[] => {
    const compiled = policy.compile(states.get(version), params);
    const request = { unitId: 'u', context: context as never, subject: 't1', at: 0, actions };
    return [...serveAction(compiled, request, exploration, floor, createRng('x')).probabilities];
  };

  it('answers what if the context were another, as the library computes it', async () => {
    const id = served[605]?.decisionId ?? '';
    const [row] = await sql<{ context: { device: string }; probabilities: number[] }>(
      `select context, probabilities from decision where id = $1`,
      [id],
    );
    const then = row?.context ?? { device: '' };
    const now = then.device === 'tv' ? 'phone' : 'tv';
    const answer = await ask(id, { context: { device: now } });
    expect(answer).toMatchObject({
      kind: 'action',
      asServed: true,
      changes: [{ action: null, name: 'device', from: then.device, to: now }],
      before: { policy: { id: 'linear', version: 2 }, floor: FLOOR, propensityKind: 'exact' },
      after: { policy: { id: 'linear', version: 2 } },
    });
    const after = probabilities(2, { ...then, device: now });
    expect(answer.before?.candidates.map((one) => one.probability)).toEqual(row?.probabilities);
    expect(answer.after.candidates.map((one) => one.probability)).toEqual(after);
    expect(answer.after.candidates.map((one) => one.explored)).toEqual(
      probabilities(2, { ...then, device: now }, 0),
    );
    const apart = after.reduce((sum, p, i) => sum + Math.abs(p - (row?.probabilities[i] as number)), 0) / 2;
    expect(answer.totalVariation).toBeCloseTo(apart, 12);
    expect(apart).toBeGreaterThan(0.05);
    // No edit, no difference.
    expect(await ask(id, {})).toMatchObject({
      changes: [],
      sameChoice: true,
      totalVariation: 0,
      asServed: true,
    });
    expect(await ask(id, { context: { device: then.device, other: null } })).toMatchObject({
      changes: [],
      totalVariation: 0,
    });
  });

  it('answers what if a cap applied, an action were gone or another policy asked', async () => {
    const id = served[605]?.decisionId ?? '';
    const [row] = await sql<{ context: { device: string } }>(`select context from decision where id = $1`, [
      id,
    ]);
    const own = (await ask(id, {})).after.candidates.map((one) => one.own as number);
    const top = own.indexOf(Math.max(...own));
    const seen = [ART[top] as string, ART[top] as string];
    const capped = await ask(id, { context: { seen } });
    const limited = capped.after.candidates[top];
    expect(limited).toMatchObject({
      eligible: false,
      limitedBy: ['fatigue'],
      explored: 0,
      probability: 0,
      own: own[top],
    });
    expect(own[top]).toBeGreaterThan(0.2);
    expect(capped.after.candidates.map((one) => one.probability)).toEqual(
      probabilities(2, { device: row?.context.device ?? '', seen }),
    );
    const gone = await ask(id, { actions: { a1: null, a3: { mood: 'bright' } } });
    expect(gone.changes).toEqual([
      { action: 'a1', name: null, from: null, to: null },
      { action: 'a3', name: 'mood', from: 'warm', to: 'bright' },
    ]);
    expect(gone.after.candidates.map((one) => one.id)).toEqual(['a2', 'a3', 'a4', 'a5']);
    const uniform = await ask(id, { policyId: 'uniform' });
    expect(uniform.after.candidates.map((one) => one.probability)).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
    const first = await ask(id, { version: 1 });
    expect(first.after.policy.version).toBe(1);
    expect(first.after.candidates.map((one) => one.probability)).toEqual(
      probabilities(1, row?.context as never),
    );
    const slate = await ask(served[1000]?.decisionId ?? '', { actions: { r1: null } });
    expect(slate).toMatchObject({ kind: 'slate', asServed: true });
    expect(slate.after.chosen).toHaveLength(4);
    expect(slate.after.chosen).not.toContain('r1');
  });

  it('shows in the inspector how each probability came about', async () => {
    const id = served[600]?.decisionId ?? '';
    const answer = await api.request('GET', `/v1/decisions/${id}`, { key: api.keys.secret });
    const { candidatesDetail, replay: again } = answer.json<DecisionDetail & Record<string, unknown>>();
    expect(again?.identical).toBe(true);
    // Unit m600 has seen a5 twice.
    expect(candidatesDetail[4]).toMatchObject({
      eligible: false,
      limitedBy: ['fatigue'],
      explored: 0,
      probability: 0,
    });
    const first = candidatesDetail[0];
    expect(first?.eligible).toBe(true);
    expect(first?.probability).toBeCloseTo(FLOOR + (1 - 4 * FLOOR) * (first?.explored ?? 0), 12);
  });

  it('repeats the exploration slice uniformly, as it was served', async () => {
    const id = served[605]?.decisionId ?? '';
    const [row] = await sql<{ propensity: number }>(`select propensity from decision where id = $1`, [id]);
    // Unit m600 has seen a5 twice, so four actions are left.
    await sql(`update decision set slice = 'exploration', propensity = 0.25 where id = $1`, [id]);
    const answer = await ask(id, {});
    expect(answer.before?.candidates.map((one) => one.probability)).toEqual([0.25, 0.25, 0.25, 0.25, 0]);
    expect(answer.sameChoice).toBe(true);
    const own = await ask(id, { version: 2 });
    expect(own.after.candidates.map((one) => one.probability)).toEqual(probabilities(2, contextOf(30)));
    await sql(`update decision set slice = null, propensity = $2 where id = $1`, [id, row?.propensity]);
  });

  it('refuses a question without an answer, and changes nothing', async () => {
    const id = served[605]?.decisionId ?? '';
    const banner = served[1200]?.decisionId ?? '';
    const status = async (decision: string, body: object, key?: string): Promise<number> =>
      (await post(`decisions/${decision}/counterfactual`, body, key)).status;
    expect(await status(id, { actions: { zz: {} } })).toBe(400);
    expect(await status(id, { actions: Object.fromEntries(ART.map((one) => [one, null])) })).toBe(400);
    expect(await status(id, { policyId: 'nobody' })).toBe(400);
    expect(await status(id, { version: 99 })).toBe(422);
    expect(await status(banner, {})).toBe(422);
    expect(await status('nonsense', {})).toBe(404);
    expect(await status(id, {}, api.keys.publishable)).toBe(403);
    const [count] = await sql<{ n: number }>(`select count(*)::int as n from decision`);
    expect(count?.n).toBe(1220);
  });
});
