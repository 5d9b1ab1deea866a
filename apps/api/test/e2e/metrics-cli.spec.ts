import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { registerMetrics } from '../../../cli/src/commands/metrics.js';
import { startTestApi } from '../api.js';
import type { TestApi } from '../api.js';

const listAdds = {
  key: 'list-adds-per-decision',
  title: 'List adds from what was decided',
  description: 'Titles added to the list from what the experiment decided, per unit.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: { fold: 'count', events: ['list_add'], scope: 'decision' },
};

describe('marquee metrics, against a real API', () => {
  let api: TestApi;
  let url = '';
  let directory = '';
  beforeAll(async () => {
    api = await startTestApi();
    await api.running.app.listen({ port: 0, host: '127.0.0.1' });
    url = await api.running.app.getUrl();
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-metrics-'));
  }, 60_000);
  afterAll(async () => {
    await api.close();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const fileOf = (document: unknown): string => {
    const file = path.join(directory, 'metrics.json');
    fs.writeFileSync(file, JSON.stringify(document));
    return file;
  };
  async function run(...args: string[]): Promise<string> {
    const program = new Command().exitOverride();
    registerMetrics(program);
    const write = process.stdout.write.bind(process.stdout);
    let out = '';
    process.stdout.write = ((text: string) => ((out += text), true)) as typeof process.stdout.write;
    try {
      await program.parseAsync(['metrics', ...args, '--url', url, '--key', api.keys.admin], { from: 'user' });
      return out;
    } finally {
      process.stdout.write = write;
    }
  }

  it('creates, changes and leaves alone', async () => {
    const other = { ...listAdds, key: 'other-adds' };
    expect(await run('apply', fileOf(listAdds))).toBe('list-adds-per-decision: created, version 1\n');
    expect(await run('apply', fileOf([listAdds]))).toBe('list-adds-per-decision: unchanged, version 1\n');
    const changed = { metrics: [{ ...listAdds, maturityDays: 3 }, other] };
    expect(JSON.parse(await run('apply', fileOf(changed), '--json'))).toEqual([
      { key: 'list-adds-per-decision', outcome: 'changed', version: 2 },
      { key: 'other-adds', outcome: 'created', version: 1 },
    ]);
    expect(await run('apply', fileOf(changed))).toMatch(/unchanged, version 2\n.*unchanged, version 1\n$/);
  });

  it('lists them with version and origin', async () => {
    const text = await run('list');
    expect(text).toMatch(/^play-rate +proportion +higher +engagement +1 +built-in +Play rate$/m);
    expect(text).toMatch(/^list-adds-per-decision +count +higher +engagement +2 +own +List adds/m);
    await api.request('POST', '/v1/metrics/other-adds/archive');
    expect(await run('list')).not.toContain('other-adds');
    expect(await run('list', '--archived')).toMatch(/^other-adds .*own, archived/m);
  });

  it('names the metric and every field that is wrong', async () => {
    const wrong = { ...listAdds, key: 'wrong', kind: 'quantile', title: 'x' };
    await expect(run('apply', fileOf(wrong))).rejects.toThrow(/^wrong: .*\/title: .*\/quantile: /);
    await expect(run('apply', fileOf({ key: 'play-rate' }))).rejects.toThrow(/play-rate: .*/);
    await expect(run('apply', fileOf({ nothing: 1 }))).rejects.toThrow(/expected a metric/);
    await expect(run('apply', path.join(directory, 'none.json'))).rejects.toThrow(/none\.json/);
  });
});
