import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../../test/api.js';
import { DAY, NOW, POLICY, startRecommenders } from '../../test/recommenders.js';
import type { NextSessionView } from '../members/next-sessions.js';
import { InlineFitRunner } from '../policies/fit-runner.js';
import type { Treatment } from '../serving/serve-treatments.js';
import { TrainPolicy } from '../policies/train-policy.js';
import { TrainScheduler } from '../policies/train-scheduler.js';
import type { TrainingRunView } from '../policies/training-run-row.js';

describe('recommenders, night after night', () => {
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

  beforeAll(async () => {
    api = await startRecommenders();
    trainer = new TrainPolicy(api.db.database, new InlineFitRunner());
    await post('/v1/policies', {
      ...POLICY,
      id: 'at-random',
      key: 'uniform-random',
      params: {},
      reward: null,
    });
    const { id } = (await post('/v1/policies/titles/training-runs', {})).json<{ id: string }>();
    await trainer.run(id, () => undefined);
    // Somebody who asked not to be known.
    await api.request('PUT', '/v1/units/u5/personalisation', { body: { personalised: false } });
  }, 60_000);
  afterAll(() => api.close());

  it('train by themselves once a night, and leave frozen policies alone', async () => {
    const patch = (training: unknown, id = 'titles') =>
      api.request('PATCH', `/v1/policies/${id}`, { body: { training } });
    const pointerOf = async (training: unknown, id?: string) => {
      const answer = await patch(training, id);
      return [answer.status, answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer];
    };
    expect(await pointerOf({ schedule: { at: '25:00' } })).toEqual([400, '/training/schedule/at']);
    expect(await pointerOf({ schedule: { at: '03:00', timeZone: 'Mars' } })).toEqual([
      400,
      '/training/schedule/timeZone',
    ]);
    expect(await pointerOf({ memoryMb: 4096 }, 'at-random')).toEqual([400, '/training']);
    const set = await patch({ schedule: { at: '03:00', timeZone: 'Europe/Paris' }, memoryMb: 512 });
    const training = { schedule: { at: '03:00', timeZone: 'Europe/Paris' }, promote: 'auto', memoryMb: 512 };
    expect(set.json()).toMatchObject({ training });

    const scheduler = new TrainScheduler(api.db.database);
    const night = (days: number, hour: number) =>
      new Date(Math.ceil(NOW / DAY) * DAY + days * DAY + hour * 3_600_000);
    // Not for a moment before it was set; then once, whoever looks how often.
    expect(await scheduler.tick(new Date(NOW))).toEqual([]);
    const ticks = await Promise.all([1, 2, 3].map(() => scheduler.tick(night(1, 4))));
    const [id, ...more] = ticks.flat();
    expect(more).toEqual([]);
    expect((await runs())[0]).toMatchObject({ id, trigger: 'schedule', status: 'queued', promote: 'auto' });
    // Something serves, so the night begins with it.
    expect((await runs())[0]).toMatchObject({ begin: 'serving' });
    expect(await pointerOf({ fromScratchEvery: 0 })).toEqual([400, '/training/fromScratchEvery']);
    // While it is open nothing else starts. (The clock of the database did not move, so its end makes room for one more.)
    expect(await scheduler.tick(night(2, 4))).toEqual([]);
    expect(await trainer.run(id as string, () => undefined)).toBe('succeeded');
    await post('/v1/policies/titles/freeze', {});
    expect(await scheduler.tick(night(2, 4))).toEqual([]);
    const audit = await get<{ items: { actor: string; action: string }[] }>('/v1/audit');
    expect(audit.items).toContainEqual(
      expect.objectContaining({ actor: 'system: nightly training', action: 'policy.train' }),
    );
  });

  it('foresee when members come back and to what: for admins, and in answers to clients', async () => {
    const path = '/v1/units/u9/next-session?hours=48&limit=3&policyId=ahead';
    const before = await api.request('GET', '/v1/units/u9/next-session');
    expect([before.status, before.json<{ code: string }>().code]).toEqual([404, 'not_found']);
    const made = await post('/v1/policies', {
      ...POLICY,
      id: 'ahead',
      key: 'anticipatory',
      title: 'Next visit',
      params: { visitOutcome: null },
      exploration: { key: 'greedy', params: {} },
    });
    expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
    await post('/v1/items', {
      items: [
        {
          id: 'i1',
          kind: 'title',
          title: 'Title i1',
          features: { genre: 'comedy', megabytes: 700 },
          position: 1,
        },
      ],
    });
    const { id } = (await post('/v1/policies/ahead/training-runs', {})).json<{ id: string }>();
    await trainer.run(id, () => undefined);
    const view = await get<NextSessionView>(path);
    expect(view).toMatchObject({
      unitId: 'u9',
      policy: { id: 'ahead', version: 1 },
      candidates: expect.any(Number),
    });
    const forecast = view.forecast as NonNullable<NextSessionView['forecast']>;
    expect(forecast.visits).toBeGreaterThan(5);
    expect(forecast.within.map(({ hours }) => hours)).toEqual([24, 48, 168]);
    const [day, two] = forecast.within.map(({ probability }) => probability) as [number, number];
    expect(0 < day && day < two && two < 1).toBe(true);
    expect(view.prefetch).toHaveLength(3);
    expect(view.prefetch.map(({ probability }) => probability)).toEqual(
      view.prefetch.map(({ probability }) => probability).sort((a, b) => b - a),
    );
    // Titles whose size is not known do not fit into a budget.
    const fitting = await get<NextSessionView>(`${path}&budget=800`);
    expect(fitting.prefetch).toMatchObject([{ id: 'i1', size: 700 }]);
    expect((await get<NextSessionView>(`${path}&budget=1`)).prefetch).toEqual([]);
    expect(await get<NextSessionView>('/v1/units/u5/next-session')).toMatchObject({
      forecast: null,
      prefetch: [],
    });
    expect((await api.request('GET', path, { key: api.keys.secret })).status).toBe(403);
    for (const [bad, pointer] of [
      ['policyId=titles', '/policyId'],
      ['policyId=nobody', '/policyId'],
      ['hours=0', '/hours'],
    ])
      expect((await api.request('GET', `/v1/units/u9/next-session?${bad}`)).json()).toMatchObject({
        status: 400,
        errors: [{ pointer }],
      });

    await post('/v1/surfaces', {
      key: 'ahead',
      title: 'Loaded ahead',
      kind: 'slate',
      candidateKind: 'title',
    });
    await post('/v1/layers', { key: 'device', title: 'Device' });
    const arm = (key: string, isControl: boolean) => ({
      key,
      weight: isControl ? 0.0001 : 0.9999,
      isControl,
      treatment: isControl
        ? { kind: 'value', value: [] }
        : { kind: 'policy', policyId: 'ahead', steadyFor: 'day' },
    });
    await post('/v1/experiments', {
      title: 'Loaded ahead or not',
      hypothesis: 'What is there already is watched more',
      decisionMetric: 'watch-minutes',
      key: 'ahead',
      surface: 'ahead',
      layer: 'device',
      arms: [arm('off', true), arm('on', false)],
    });
    expect((await post('/v1/experiments/ahead/start', {})).status).toBe(200);
    const visits = [30, 20, 10].map((days) => new Date(NOW - days * DAY).toISOString());
    const body = {
      unitId: 'u9',
      context: { visits, history: ['i1'], timeZone: 'Europe/Paris', prefetchBudget: 700 },
      requests: [{ surface: 'ahead', limit: 4 }],
    };
    for (let tries = 0; ; tries++) {
      const answer = await api.request('POST', '/v1/treatments', { body, key: api.keys.publishable });
      const [treatment] = answer.json<{ treatments: [Treatment] }>().treatments;
      if (treatment.reason !== 'POLICY' && tries < 500) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      expect(treatment).toMatchObject({
        slate: [{ id: 'i1', propensity: 1 }],
        nextSession: { horizonHours: 672 },
      });
      expect(treatment.nextSession?.within.map(({ hours }) => hours)).toEqual([24, 168]);
      break;
    }
  });
});
