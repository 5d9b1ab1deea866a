import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '#client';
import type { ClientProblem } from '#client';
import { startTestApi } from './api.js';
import type { TestApi } from './api.js';

/** libs/client has its own specs against a server that misbehaves; this one proves that it speaks the API's language. */
describe('the TypeScript SDK against the API', () => {
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
});
