import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';

interface Answer {
  readonly health: { readonly key: string; readonly status: string }[];
  readonly results: {
    readonly metric: string;
    readonly arm: string;
    readonly effect: { readonly estimate: number; readonly status: string };
  }[];
}

const arms = [
  { key: 'control', isControl: true, weight: 1 },
  { key: 'new', weight: 1 },
];
const row = (i: number, arm: string, value: unknown) => ({ unit: `u${i}`, arm, values: { minutes: value } });
const metrics = [{ key: 'minutes', kind: 'mean', role: 'decision' }];

describe('POST /v1/analyses', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());
  const analyse = (body: unknown) => api.request('POST', '/v1/analyses', { body, key: api.keys.secret });

  it('reports rows and their statistics alike', async () => {
    const rows = Array.from({ length: 400 }, (_, i) =>
      row(i, i % 2 === 0 ? 'control' : 'new', (i % 7) + (i % 2)),
    );
    const fromRows = (await analyse({ arms, metrics, rows, estimator: 'welch' })).json<Answer>();
    const momentsOf = (arm: string) => {
      const y = rows.filter((one) => one.arm === arm).map((one) => one.values.minutes as number);
      const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
      const yy = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return { n: y.length, mean: [mean, 1, 0], comoment: [yy, 0, 0, 0, 0, 0] };
    };
    const statistics = arms.map(({ key }) => ({ arm: key, metric: 'minutes', moments: momentsOf(key) }));
    const fromStatistics = (await analyse({ arms, metrics, statistics, estimator: 'welch' })).json<Answer>();
    const effect = fromRows.results[0]?.effect;
    expect(effect?.status).toBe('ok');
    expect(effect?.estimate).toBeCloseTo(
      (momentsOf('new').mean[0] as number) - (momentsOf('control').mean[0] as number),
      12,
    );
    expect(fromStatistics.results[0]?.effect.estimate).toBeCloseTo(effect?.estimate as number, 12);
    expect(fromRows.health.find(({ key }) => key === 'sample-ratio')?.status).toBe('pass');
  });

  it.each([
    ['an unknown arm', { arms, metrics, rows: [row(1, 'other', 1)] }, '/rows/0/arm'],
    ['a unit twice', { arms, metrics, rows: [row(1, 'new', 1), row(1, 'new', 2)] }, '/rows/1/unit'],
    [
      'a missing value',
      { arms, metrics, rows: [{ unit: 'u', arm: 'new', values: {} }] },
      '/rows/0/values/minutes',
    ],
    ['a value that is no number', { arms, metrics, rows: [row(1, 'new', 'many')] }, '/rows/0/values/minutes'],
    ['two controls', { arms: arms.map((arm) => ({ ...arm, isControl: true })), metrics, rows: [] }, '/arms'],
    ['an unknown field', { arms, metrics, rows: [], surprise: 1 }, '/surprise'],
    ['neither rows nor statistics', { arms, metrics }, '/rows'],
  ])('answers %s with the pointer of the field', async (_what, body, pointer) => {
    const answer = await analyse(body);
    expect(answer.status).toBe(400);
    expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer);
  });

  it('leaves units of several arms out and counts them', async () => {
    const rows = [
      row(1, 'new', 1),
      row(1, 'control', 2),
      ...Array.from({ length: 20 }, (_, i) => row(i + 2, i % 2 ? 'new' : 'control', i)),
    ];
    const answer = (await analyse({ arms, metrics, rows })).json<Answer>();
    expect(answer.health.find(({ key }) => key === 'crossover')).toBeDefined();
  });

  it('needs a secret key', async () => {
    expect((await api.request('POST', '/v1/analyses', { body: {}, key: api.keys.publishable })).status).toBe(
      403,
    );
    expect((await api.request('POST', '/v1/analyses', { body: {}, key: null })).status).toBe(401);
  });
});
