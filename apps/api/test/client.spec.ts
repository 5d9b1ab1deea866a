import { GrowthBook, setPolyfills } from '@growthbook/growthbook';
import type { INestApplicationContext } from '@nestjs/common';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { OpenFeature as WebOpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import type { Provider as WebProvider } from '@openfeature/web-sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventSource } from 'eventsource';
import { createClient, exposureHook } from '#client';
import type { ClientProblem } from '#client';
import type { Dashboard } from '../../dashboard/test/browser.js';
import { ensureBuilt, startDashboard } from '../../dashboard/test/browser.js';
import { createWorker } from '../src/bootstrap.js';
import type { Running } from '../src/bootstrap.js';
import type { LiftReport } from '../src/reports/lift-reports.js';
import { rollUpAll } from '../src/rollups/roll-up-all.js';
import { startTestApi } from './api.js';
import type { TestApi } from './api.js';

/** libs/client has its own specs against a server that misbehaves; this one proves that it speaks the API's language. */
describe('clients against the API', () => {
  let api: TestApi;
  let url: string;
  const problems: ClientProblem[] = [];
  const client = (key = api.keys.publishable) =>
    createClient({
      url,
      key,
      unitId: 'm_1',
      timeoutMs: 10_000,
      onProblem: (problem) => problems.push(problem),
    });

  beforeAll(async () => {
    api = await startTestApi();
    await api.running.app.listen(0, '127.0.0.1');
    url = await api.running.app.getUrl();
    await api.request('POST', '/v1/surfaces', {
      body: { key: 'hero', title: 'Hero', kind: 'value', defaultValue: 'small' },
    });
    await api.request('POST', '/v1/surfaces', {
      body: { key: 'rows', title: 'Rows', kind: 'slate', defaultValue: null },
    });
    // The catalogue reaches serving a moment later.
    const known = async (): Promise<boolean> =>
      (await client().slate('rows', [])).reason !== 'UNKNOWN_SURFACE';
    const deadline = Date.now() + 10_000;
    while (!(await known()) && Date.now() < deadline);
  }, 60_000);
  afterAll(() => api.close());

  it('gets values and slates, and says what is unknown', async () => {
    const one = client();
    expect(await one.value('hero', 'none')).toMatchObject({
      value: 'small',
      reason: 'NO_EXPERIMENT',
      experiment: null,
    });
    const actions = ['a', 'b', 'c'].map((id) => ({ id, features: { genre: 'drama' } }));
    const slate = await one.slate('rows', [], { actions, limit: 2, expose: true });
    expect(slate).toMatchObject({ value: ['a', 'b'], decisionId: expect.stringMatching(/^[0-9A-Z]{26}$/) });
    expect(await one.value('nowhere', 'none')).toMatchObject({ value: 'none', reason: 'UNKNOWN_SURFACE' });
    expect(await client('mq_pub_wrong').value('hero', 'none')).toMatchObject({
      value: 'none',
      reason: 'CLIENT_REFUSED',
    });
  });

  it('sends exposures and outcomes that the API accepts, and learns which it does not', async () => {
    const one = client();
    const { decisionId } = await one.value('hero', 'none');
    problems.length = 0;
    one.expose(decisionId, { position: 0 });
    one.outcome('watch', {
      decisionId,
      value: 40.5,
      itemId: 't_1',
      position: 0,
      properties: { quality: { hd: true } },
    });
    one.outcome('play', { decisionId: null });
    one.outcome('Not a name');
    expect(await one.close()).toBe(true);
    expect(problems).toEqual([{ what: 'events', reason: 'invalid_name', lost: 1 }]);
  });

  describe('and the SDKs of others, over the origin of the dashboard', () => {
    const EXPERIMENT = 'banner-colour';
    const UNITS = 20;
    let worker: Running<INestApplicationContext>;
    let dashboard: Dashboard;
    /** Arms that the SDKs have said to be shown, by unit. */
    const shown = new Map<string, string>();
    const admin = async (path: string, body: unknown): Promise<void> => {
      const answer = await api.request('POST', path, { body });
      if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
    };
    const send = (path: string, body: unknown): Promise<Response> =>
      fetch(`${dashboard.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${api.keys.publishable}` },
        body: JSON.stringify(body),
      });
    const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
      const deadline = Date.now() + 20_000;
      while (!(await condition())) {
        if (Date.now() > deadline) throw new Error('waited in vain');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };

    /** With the tracking callback of docs/how-to/openfeature.md. */
    async function growthBook(unitId: string, remoteEval: boolean, streaming = false): Promise<GrowthBook> {
      const sent: Promise<Response>[] = [];
      const gb: GrowthBook = new GrowthBook({
        apiHost: dashboard.url,
        clientKey: api.keys.publishable,
        remoteEval,
        attributes: { id: unitId },
        trackingCallback: (_experiment, result) => {
          shown.set(unitId, result.key);
          const { decisionId } = result as { decisionId?: string };
          if (decisionId) return void sent.push(send('/v1/exposures', { decisionId }));
          const requests = [{ surface: result.featureId }];
          sent.push(send('/v1/treatments', { unitId, context: {}, requests, expose: true }));
        },
      });
      // `streaming: false` would switch it off for all instances.
      await gb.init(streaming ? { streaming } : {});
      gb.getFeatureValue('banner', 'none');
      for (const { status } of await Promise.all(sent)) expect([200, 202]).toContain(status);
      return gb;
    }

    beforeAll(async () => {
      await ensureBuilt();
      dashboard = await startDashboard({ MARQUEE_API_URL: url });
      worker = await createWorker({ ...api.config, roles: ['ingest'] });
      const arm = (key: string) => ({
        key,
        title: key,
        weight: 1,
        isControl: key === 'grey',
        treatment: { kind: 'value', value: key },
      });
      await admin('/v1/layers', { key: 'banner', title: 'Banner' });
      await admin('/v1/surfaces', { key: 'banner', title: 'Banner', kind: 'value', defaultValue: 'none' });
      await admin('/v1/experiments', {
        key: EXPERIMENT,
        title: 'Colour',
        hypothesis: 'Blue is seen sooner',
        surface: 'banner',
        layer: 'banner',
        arms: [arm('grey'), arm('blue')],
        decisionMetric: 'play-rate',
      });
      await admin(`/v1/experiments/${EXPERIMENT}/start`, {});
      await until(async () => (await client().value('banner', 'none')).experiment === EXPERIMENT);
      Object.assign(globalThis, { EventSource });
      setPolyfills({ EventSource, fetch });
    }, 120_000);
    afterAll(async () => {
      await OpenFeature.close();
      await WebOpenFeature.close();
      await worker.close();
      await dashboard.stop();
    });

    it('brings what they have shown into the report: from their callbacks and hooks, each unit once', async () => {
      for (let i = 0; i < UNITS; i++) {
        (await growthBook(`local-${i}`, false)).destroy();
        // Said again by another page of the same visitor.
        if (i < 5) (await growthBook(`local-${i}`, false)).destroy();
        if (i < 5) (await growthBook(`remote-${i}`, true)).destroy();
      }
      const marquee = createClient({ url: dashboard.url, key: api.keys.publishable, unitId: 'nobody' });
      const headers: [string, string][] = [['Authorization', `Bearer ${api.keys.publishable}`]];
      await OpenFeature.setProviderAndWait('told', new OFREPProvider({ baseUrl: dashboard.url, headers }));
      const hooks = [exposureHook(marquee)];
      for (let i = 0; i < UNITS; i++) {
        const context = { targetingKey: `server-${i}` };
        const { variant } = await OpenFeature.getClient('told').getStringDetails('banner', 'none', context, {
          hooks,
        });
        shown.set(context.targetingKey, variant ?? '');
        // Evaluated for somebody who is never shown it.
        await OpenFeature.getClient('told').getStringDetails('banner', 'none', {
          targetingKey: `unseen-${i}`,
        });
      }
      await WebOpenFeature.setContext('page', { targetingKey: 'page-1' });
      const web = new OFREPWebProvider({ baseUrl: dashboard.url, headers, cacheMode: 'disabled' });
      await WebOpenFeature.setProviderAndWait('page', web as unknown as WebProvider);
      const page = WebOpenFeature.getClient('page');
      shown.set('page-1', page.getStringDetails('banner', 'none', { hooks }).variant ?? '');
      expect(await marquee.close()).toBe(true);

      const expected: Record<string, number> = { grey: 0, blue: 0 };
      for (const arm of shown.values()) expected[arm] = (expected[arm] ?? 0) + 1;
      expect([shown.size, Object.keys(expected)]).toEqual([2 * UNITS + 6, ['grey', 'blue']]);
      let report: LiftReport | null = null;
      await until(async () => {
        await rollUpAll(api.db.database, new Date());
        report = (await api.request('GET', `/v1/experiments/${EXPERIMENT}/report`)).json<LiftReport>();
        return report.units.enrolled >= shown.size;
      });
      expect((report as LiftReport | null)?.units).toMatchObject({
        enrolled: shown.size,
        perArm: expected,
        crossover: 0,
      });

      // Changes come through it as they are made: server-sent events of both protocols. What changes while a stream is
      // being opened is not missed.
      const changes: unknown[] = [];
      page.addHandler(ProviderEvents.ConfigurationChanged, (event) => changes.push(event?.flagsChanged));
      const gb = await growthBook('local-0', false, true);
      await api.db.database.query(`update surface set default_value = '"medium"' where key = 'hero'`);
      await api.db.database.query(`select pg_notify('marquee_catalog', '')`);
      await until(() => (gb.getFeatureValue('hero', 'none') as string) === 'medium' && changes.length > 0);
      expect(page.getStringValue('hero', 'none')).toBe('medium');
      gb.destroy();
    }, 60_000);

    it('passes on what the protocols need: tags and 304, codes of faults, refused keys', async () => {
      const features = `${dashboard.url}/api/features/${api.keys.publishable}`;
      const etag = (await fetch(features)).headers.get('etag') ?? '';
      expect((await fetch(features, { headers: { 'if-none-match': etag } })).status).toBe(304);
      const missing = await send('/ofrep/v1/evaluate/flags/banner', { context: {} });
      expect([missing.status, await missing.json()]).toMatchObject([
        400,
        { key: 'banner', errorCode: 'TARGETING_KEY_MISSING' },
      ]);
      expect((await fetch(`${dashboard.url}/sub/mq_pub_wrong`)).status).toBe(400);
      expect((await fetch(`${dashboard.url}/v1/experiments`)).status).toBe(401);
    });
  });
});
