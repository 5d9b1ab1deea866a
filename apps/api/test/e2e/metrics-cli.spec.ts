import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { registerConfig } from '../../../cli/src/commands/config/config.js';
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

describe('marquee metrics, plan, apply and export, against a real API', () => {
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
  const run = (...args: string[]): Promise<string> => runAny('metrics', ...args);
  async function runAny(...args: string[]): Promise<string> {
    const program = new Command().exitOverride();
    registerMetrics(program);
    registerConfig(program);
    const write = process.stdout.write.bind(process.stdout);
    let out = '';
    process.stdout.write = ((text: string) => ((out += text), true)) as typeof process.stdout.write;
    try {
      await program.parseAsync([...args, '--url', url, '--key', api.keys.admin], { from: 'user' });
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

  it('plans and applies files, names the file of what is refused, and writes what changes nothing', async () => {
    const place = path.join(directory, 'home');
    fs.mkdirSync(place, { recursive: true });
    const surfaces = 'surfaces:\n  - { key: hero, title: Hero, kind: value, defaultValue: { rows: 3 } }\n';
    fs.writeFileSync(path.join(place, 'surfaces.yaml'), surfaces);
    const segment =
      'segments:\n  - key: french\n    title: French\n    condition: { attribute: country, op: eq, value: FR }\n';
    fs.writeFileSync(
      path.join(place, 'segments.yml'),
      `${segment}---\n${segment.replaceAll('rench', 'lemish')}`,
    );
    const from = ['--base', directory, '--repository', 'https://code.example/x'];
    const planned = await runAny('plan', place, ...from);
    expect(planned).toContain('+ surface hero\n');
    expect(planned).toContain('3 to create, 0 to change, 0 as they are\n');
    expect(process.exitCode).toBe(2);
    process.exitCode = 0;
    const kept = path.join(directory, 'plan.json');
    await runAny('plan', place, ...from, '--out', kept);
    expect(await runAny('apply', '--plan', kept)).toMatch(/Applied\.\n$/);
    await expect(runAny('apply', '--plan', kept)).rejects.toThrow('Something has changed since the plan');
    process.exitCode = 0;
    const [managed] = (await api.request('GET', '/v1/config/managed')).json<{ items: object[] }>().items;
    expect(managed).toMatchObject({
      key: 'flemish',
      link: 'https://code.example/x/blob/HEAD/home/segments.yml',
    });

    const all = path.join(directory, 'all.yaml');
    await runAny('export', '--out', all);
    expect(await runAny('plan', all, ...from, '--no-lock')).toBe('0 to create, 0 to change, 4 as they are\n');
    expect(process.exitCode).toBe(0);
    fs.writeFileSync(path.join(place, 'segments.yml'), segment.replace('country, op: eq', 'country, op: is'));
    await expect(runAny('plan', place, ...from)).rejects.toThrow(
      /^nothing was applied:\nhome\/segments.yml: segment "french" \/condition\/op: /,
    );
    fs.writeFileSync(path.join(place, 'segments.yml'), 'segments: [\n  {key: a\n');
    await expect(runAny('plan', place)).rejects.toThrow(/segments\.yml: .*line/s);
  });
});
