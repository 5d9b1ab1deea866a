import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { startTestApi, testConfig } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { writeAudit } from '../access/audit.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import { Sealer } from '../persistence/sealer.js';
import { MOST_ATTEMPTS, WebhookDeliveries } from './deliveries.js';
import { sealSecrets } from './seal-secrets.js';
import type { DeliveryView, WebhookView } from './webhooks.service.js';

const ALLOW = { MARQUEE_WEBHOOK_ALLOW: '127.0.0.1' };
const DAY_MS = 86_400_000;

interface Received {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

describe('webhooks', () => {
  let api: TestApi;
  let receiver: http.Server;
  let url: string;
  let status = 204;
  const received: Received[] = [];

  beforeAll(async () => {
    api = await startTestApi(ALLOW);
    receiver = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        received.push({ path: request.url ?? '', headers: request.headers, body });
        response.writeHead(status).end('a secret of the receiver');
      });
    });
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  }, 60_000);
  afterAll(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await api.close();
  });

  const create = async (path: string, events: readonly string[]) =>
    (await api.request('POST', '/v1/webhooks', { body: { url: url + path, events } })).json<
      WebhookView & { secret: string }
    >();
  const log = async (id: string) =>
    (await api.request('GET', `/v1/webhooks/${id}/deliveries`)).json<{ items: DeliveryView[] }>().items;
  const one = async (id: string): Promise<WebhookView | undefined> =>
    (await api.request('GET', '/v1/webhooks'))
      .json<{ items: WebhookView[] }>()
      .items.find((hook) => hook.id === id);
  const deliveries = (): WebhookDeliveries => api.running.app.get(WebhookDeliveries, { strict: false });
  const act = (action: string, after: object = {}) =>
    api.db.database.transaction((tx) =>
      writeAudit(tx, {
        ...{ actor: 'somebody', action, entity: action.split('.')[0] ?? '', entityKey: 'hero' },
        after: { ...after } as never,
      }),
    );
  const signed = (secret: string, { headers, body }: Received): string =>
    `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
      .digest('base64')}`;

  it('tells who listens, by a worker, of what happened and of nothing that did not', async () => {
    const all = await create('/all', ['*']);
    const some = await create('/some', ['experiment.stopped', 'guardrail.*']);
    const worker: Running<INestApplicationContext> = await createWorker({
      ...testConfig(api.db, api.config.stateDir, ALLOW),
      roles: ['webhooks'],
    });
    await worker.app.init();
    try {
      await act('experiment.start', {
        title: 'Hero',
        status: 'running',
        arms: [{ key: 'a' }],
        why: 'x'.repeat(500),
      });
      await act('experiment.guardrail-pause', { status: 'paused' });
      await act('experiment.mute');
      const failing = api.db.database.transaction(async (tx) => {
        await writeAudit(tx, { actor: 'a', action: 'experiment.stop', entity: 'experiment', entityKey: 'x' });
        throw new Error('rolled back');
      });
      await expect(failing).rejects.toThrow('rolled back');
      const deadline = Date.now() + 20_000;
      while (received.length < 3 && Date.now() < deadline) await sleep(50);
    } finally {
      await worker.close();
    }
    const told = received.map(({ path, body }) => [path, JSON.parse(body).type as string]);
    expect(told.sort()).toEqual([
      ['/all', 'experiment.started'],
      ['/all', 'guardrail.paused'],
      ['/some', 'guardrail.paused'],
    ]);
    const started = received.find(({ body }) => body.includes('experiment.started')) as Received;
    expect(JSON.parse(started.body)).toEqual({
      type: 'experiment.started',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      data: {
        ...{ entity: 'experiment', key: 'hero', actor: 'somebody', before: null },
        after: { title: 'Hero', status: 'running' },
      },
    });
    expect(started.headers['webhook-id']).toMatch(/^msg_/);
    expect(Math.abs(Number(started.headers['webhook-timestamp']) * 1000 - Date.now())).toBeLessThan(60_000);
    expect(started.headers['webhook-signature']).toBe(signed(all.secret, started));
    const [delivery] = await log(some.id);
    expect(delivery).toMatchObject({ type: 'guardrail.paused', status: 'delivered', nextAt: null });
    expect(delivery?.attempts).toMatchObject([{ status: 204, error: null }]);
    for (const { id } of [all, some]) await api.request('DELETE', `/v1/webhooks/${id}`);
  });

  it('tries again with the same id until it succeeds, keeps the log, and gives up in the end', async () => {
    const hook = await create('/retry', ['policy.*']);
    await act('policy.promote');
    received.length = 0;
    status = 500;
    let now = Date.now() + 1_000;
    expect(await deliveries().run(new Date(now))).toBe(1);
    expect(await deliveries().run(new Date(now))).toBe(0);
    const [first] = await log(hook.id);
    const wait = Date.parse(String(first?.nextAt)) - now;
    expect([wait >= 5_000, wait <= 6_000]).toEqual([true, true]);
    status = 204;
    now += wait;
    expect(await deliveries().run(new Date(now))).toBe(1);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await log(hook.id))[0]).toMatchObject({
      status: 'delivered',
      attempts: [{ status: 500, error: 'http_500' }, { status: 204 }],
    });
    expect(JSON.stringify(await log(hook.id))).not.toContain('a secret of the receiver');
    expect(await one(hook.id)).toMatchObject({ failures: 0, failingSince: null, status: 'enabled' });

    status = 302;
    await act('policy.rollback');
    for (let tries = 0; tries < MOST_ATTEMPTS + 2; tries++)
      await deliveries().run(new Date((now += 1.5 * DAY_MS)));
    const [given] = await log(hook.id);
    expect(given).toMatchObject({ type: 'policy.rolled_back', status: 'failed', nextAt: null });
    expect(given?.attempts).toHaveLength(MOST_ATTEMPTS);
    // Ten failures in a row over more than five days.
    const disabled = await one(hook.id);
    expect(disabled).toMatchObject({ status: 'disabled', failures: MOST_ATTEMPTS });
    expect(disabled?.disabledReason).toContain('No success since');
    await act('policy.promote');
    expect(await log(hook.id)).toHaveLength(2);
    expect((await api.request('POST', `/v1/webhooks/${hook.id}/test`)).status).toBe(409);
    const audit = (await api.request('GET', `/v1/audit?entity=webhook&entityKey=${hook.id}`)).text;
    expect(audit).toContain('webhook.disable');
    expect(audit).not.toContain('whsec_');

    const enabled = await api.request('PATCH', `/v1/webhooks/${hook.id}`, { body: { enabled: true } });
    expect(enabled.json()).toMatchObject({ status: 'enabled', failures: 0, disabledReason: null });
    status = 204;
    const again = await api.request('POST', `/v1/webhooks/${hook.id}/deliveries/${given?.id ?? ''}/retry`);
    expect([again.status, again.json()['status']]).toEqual([202, 'pending']);
    await deliveries().run(new Date());
    expect((await log(hook.id)).find(({ id }) => id === given?.id)?.status).toBe('delivered');
    await deliveries().forget(new Date(Date.now() + 31 * DAY_MS));
    expect(await log(hook.id)).toEqual([]);
  });

  it('tests, rotates its secret with both signing meanwhile, and is disabled by 410', async () => {
    const hook = await create('/test', ['experiment.*']);
    const rotated = (
      await api.request('POST', `/v1/webhooks/${hook.id}/rotate`, { body: { overlapHours: 1 } })
    ).json<WebhookView & { secret: string }>();
    expect(rotated.secrets).toHaveLength(2);
    received.length = 0;
    const test = await api.request('POST', `/v1/webhooks/${hook.id}/test`);
    expect(test.json()).toMatchObject({
      type: 'test.sent',
      status: 'delivered',
      attempts: [{ status: 204 }],
    });
    const [message] = received as [Received];
    expect(String(message.headers['webhook-signature']).split(' ')).toEqual(
      [rotated.secret, hook.secret].map((secret) => signed(secret, message)),
    );
    expect((await api.request('GET', '/v1/webhooks')).text).not.toContain('whsec_');
    // Nor does the database have them: with the key in a file that its owner alone may read.
    const stored = async () =>
      (
        await api.db.database.query<{ secrets: { secret: string }[] }>(
          'select secrets from webhook_endpoint where id = $1',
          [hook.id],
        )
      )[0]?.secrets.map(({ secret }) => secret) ?? [];
    for (const secret of await stored()) expect(secret).toMatch(/^sealed:v1:[0-9a-f]{12}:/);
    const file = path.join(api.config.stateDir, 'secrets.key');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    // What was stored as it is gets sealed by the setup, under a new key what another sealed; without the old one it stays.
    const plain = [{ secret: rotated.secret, createdAt: new Date().toISOString(), expiresAt: null }];
    await api.db.database.query('update webhook_endpoint set secrets = $2::jsonb where id = $1', [
      hook.id,
      JSON.stringify(plain),
    ]);
    const [old = '', fresh] = [fs.readFileSync(file, 'utf8').trim(), Buffer.alloc(32, 7).toString('base64')];
    const sealer = (...secretsKeys: string[]) => new Sealer({ ...api.config, secretsKeys });
    expect(await sealSecrets(api.db.database, sealer(old))).toBe(1);
    expect((await stored())[0]).toMatch(/^sealed:v1:/);
    expect(await sealSecrets(api.db.database, sealer(fresh))).toBe(0);
    expect(await sealSecrets(api.db.database, sealer(fresh, old))).toBeGreaterThan(0);
    const lost = await api.request('POST', `/v1/webhooks/${hook.id}/test`);
    expect(lost.json()).toMatchObject({
      status: 'failed',
      attempts: [{ status: null, error: expect.stringContaining('MARQUEE_SECRETS_KEYS') }],
    });
    await sealSecrets(api.db.database, sealer(old, fresh));
    received.length = 0;
    await api.request('POST', `/v1/webhooks/${hook.id}/test`);
    expect(received[0]?.headers['webhook-signature']).toBe(signed(rotated.secret, received[0] as Received));
    status = 410;
    expect((await api.request('POST', `/v1/webhooks/${hook.id}/test`)).json()).toMatchObject({
      status: 'failed',
    });
    expect(await one(hook.id)).toMatchObject({ status: 'disabled' });
    status = 204;
  });

  it('refuses addresses inside and types that do not exist, when it is made and when it is changed', async () => {
    const hook = await create('/x', ['*']);
    const bad: [object, string, string][] = [
      [{ url: 'https://169.254.169.254/' }, '/url', 'refused_address'],
      [{ url: 'https://[::ffff:10.0.0.1]/' }, '/url', 'refused_address'],
      [{ url: 'https://127.0.0.2/' }, '/url', 'refused_address'],
      [{ url: 'nonsense' }, '/url', 'invalid_url'],
      [{ events: ['experiment.flew'] }, '/events/0', 'unknown_type'],
    ];
    for (const [body, pointer, code] of bad) {
      for (const answer of [
        await api.request('POST', '/v1/webhooks', { body: { url: `${url}/y`, ...body } }),
        await api.request('PATCH', `/v1/webhooks/${hook.id}`, { body }),
      ])
        expect([answer.status, answer.json()['errors']]).toMatchObject([400, [{ pointer, code }]]);
    }
    expect((await api.request('POST', '/v1/webhooks/whk_none/test')).status).toBe(404);
    expect((await api.request('GET', '/v1/webhooks/whk_none/deliveries')).status).toBe(404);
  });
});
