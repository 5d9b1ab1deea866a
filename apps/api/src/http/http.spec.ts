import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';

describe('the HTTP shell', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it('answers an unknown route with a problem document', async () => {
    const answer = await api.request('GET', '/v1/nothing');
    expect(answer.status).toBe(404);
    expect(String(answer.headers['content-type'])).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('serves an OpenAPI 3.1 document', async () => {
    const answer = await api.request('GET', '/openapi.json', { key: null });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ openapi: '3.1.0' });
  });
});
