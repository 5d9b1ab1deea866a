import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createWorld,
  itemsOf,
  layers,
  recommenderExperiments,
  recommenderPolicies,
  releasedItems,
  surfaces,
  titleOf,
} from '#simulation';
import type { Release } from '#simulation';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { historyStart, loadHistory } from './load-history.js';

const DAY_MS = 86_400_000;
const [DAYS, START, RELEASE] = [8, 5, 6];
const world = createWorld('recommender-start', { members: 400, titles: 40 });
// Not today: what members play hangs on the day, and with so few of them the months are told apart on most days only.
const from = historyStart(Date.parse('2026-09-15T12:00:00Z'), DAYS);
const release: Release = { title: titleOf(world.seed, 44), at: from + RELEASE * DAY_MS };
const later: Release = { title: titleOf(world.seed, 45), at: from + DAYS * DAY_MS };

/** The recommenders' experiments through the product: a past to learn from, training runs, then serving and SQL reports. */
describe('recommenders that start within a history', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    const post = async (url: string, body: unknown): Promise<void> => {
      const answer = await api.request('POST', url, { body });
      if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`);
    };
    for (const surface of surfaces) await post('/v1/surfaces', surface);
    for (const { key, title } of layers) await post('/v1/layers', { key, title });
    await post('/v1/items', { items: [...itemsOf(world), ...releasedItems(world, [release, later])] });
    for (const policy of recommenderPolicies) await post('/v1/policies', policy);
    for (const { experiment, ...design } of recommenderExperiments) {
      const { key, title, surface, unitType, layer, arms } = experiment;
      await post('/v1/experiments', {
        key,
        title,
        surface,
        unitType,
        layer,
        layerShare: 1,
        traffic: 1,
        arms,
        ...design,
      });
      await post(`/v1/experiments/${key}/start`, {});
    }
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-history-'));
    await loadHistory(api.db.database, {
      world,
      from,
      to: from + DAYS * DAY_MS,
      seed: 'recommenders',
      directory,
      experiments: [],
      recommenders: {
        day: START,
        experiments: recommenderExperiments.map(({ experiment }) => experiment.key),
        policies: recommenderPolicies.map(({ id }) => id),
        shelf: { from, releases: [release, later] },
        yearMembers: 400,
      },
    });
    fs.rmSync(directory, { recursive: true, force: true });
  }, 300_000);
  afterAll(() => api.close());

  it('are trained on what was played before, and serve from then on', async () => {
    for (const { id, key } of recommenderPolicies) {
      const policy = (await api.request('GET', `/v1/policies/${id}`)).json<{ servingVersion: number }>();
      expect([id, policy.servingVersion >= 1]).toEqual([id, true]);
      if (key === 'most-popular') continue;
      const { items } = (await api.request('GET', `/v1/policies/${id}/training-runs`)).json<{
        items: { status: string; cutAt: string; evaluation: { began: unknown } }[];
      }>();
      expect(items).toMatchObject([
        { status: 'succeeded', cutAt: new Date(from + START * DAY_MS).toISOString() },
      ]);
      expect(items[0]?.evaluation.began).toEqual({ with: 'scratch' });
    }
    const rows = await api.db.database.query<{ experiment: string; first: Date; failed: number }>(
      `select experiment, min(at) as first, count(fallback)::int as failed from decision
        where experiment is not null group by 1 order by 1`,
    );
    expect(rows.map(({ experiment }) => experiment)).toEqual(['picks-for-you', 'what-comes-next']);
    for (const { first, failed } of rows) {
      expect(first.getTime()).toBeGreaterThanOrEqual(from + START * DAY_MS);
      expect(failed).toBe(0);
    }
  });

  it('are reported arm by arm', async () => {
    for (const { experiment } of recommenderExperiments) {
      const report = (
        await api.request('GET', `/v1/experiments/${experiment.key}/report`)
      ).json<LiftReport>();
      expect(report.units.enrolled).toBeGreaterThan(30);
      expect(report.health.find(({ key }) => key === 'sample-ratio')?.status).not.toBe('fail');
    }
  });

  it('rank a new title from its first day on, and list one as cold that comes after them', async () => {
    const rows = await api.db.database.query<{ early: boolean; offered: number; ranked: number }>(
      `select at < $2 as early, avg(($1 = any(candidates))::int)::float as offered, count(*)::int as ranked
         from decision where policy_id = 'titles-hybrid' and fallback is null group by 1 order by 1`,
      [release.title.id, new Date(release.at)],
    );
    expect(rows).toMatchObject([
      { early: false, offered: 1 },
      { early: true, offered: 0 },
    ]);
    expect(rows.every(({ ranked }) => ranked > 30)).toBe(true);
    const cold = (await api.request('GET', '/v1/item-coverage?show=cold&kind=title')).json<{
      items: { id: string }[];
    }>();
    expect(cold.items.map(({ id }) => id)).toContain(later.title.id);
  });

  it('know October from June, as a preview shows', async () => {
    const places = async (at: string): Promise<number[]> => {
      const body = { surface: 'home.picks', at, limit: 40, policies: [{ policyId: 'titles-popular' }] };
      const { sides } = (await api.request('POST', '/v1/previews', { body })).json<{
        sides: { items: { score: number; features: { genre: string } }[] }[];
      }>();
      return (sides[0]?.items ?? [])
        .filter(({ features }) => features.genre === 'horror')
        .map(({ score }) => score);
    };
    const sum = (scores: readonly number[]): number => scores.reduce((total, score) => total + score, 0);
    expect(sum(await places('2026-10-10T20:00:00Z'))).toBeGreaterThan(
      sum(await places('2026-06-10T20:00:00Z')),
    );
  });
});
