import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { guardrail, registerOffPolicy } from '../../../cli/src/commands/off-policy.js';
import { registerPolicy } from '../../../cli/src/commands/policy.js';
import { registerReplay } from '../../../cli/src/commands/replay.js';
import { LearnPolicy } from '../../src/policies/learn-policy.js';
import { startTestApi } from '../api.js';
import type { TestApi } from '../api.js';
import { insertUniformSlates } from '../slates.js';

const DAY = Date.UTC(2026, 4, 1);
const N = 1200;

describe('marquee off-policy and replay, against a real API', () => {
  let api: TestApi;
  let url = '';
  beforeAll(async () => {
    api = await startTestApi();
    await api.running.app.listen({ port: 0, host: '127.0.0.1' });
    url = await api.running.app.getUrl();
    for (const [id, floor] of [
      ['rows', 0.05],
      ['same', 0],
    ]) {
      const reward = { outcomes: [{ name: 'play' }], combine: 'max' };
      const body = { id, title: id, key: 'uniform-random', floor, reward, learning: false };
      expect((await api.request('POST', '/v1/policies', { body })).status).toBe(201);
    }
    await insertUniformSlates(api.db.database, 'rows', N, DAY + 3_600_000);
  }, 60_000);
  afterAll(() => api.close());

  async function run(...args: string[]): Promise<string> {
    const program = new Command().exitOverride();
    registerOffPolicy(program);
    registerPolicy(program);
    registerReplay(program);
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

  it('evaluates a candidate and prints the gate, the estimators and every position', async () => {
    const range = ['--from', '2026-05-01T00:00:00Z', '--to', '2026-05-02T00:00:00Z'];
    const text = await run('off-policy', 'run', 'rows', '--candidate', 'same', ...range, '--require-yes');
    expect(process.exitCode).toBe(2);
    process.exitCode = undefined;
    expect(text).toContain('Run 1: may same take traffic? not-enough-evidence');
    expect(text).toMatch(/^holds +Effective sample size +The 1200 rows tell as much as 1200/m);
    expect(text).toMatch(/^fails +Reward +Against the log/m);
    expect(text).toMatch(/^Cascade doubly robust +0\.\d+ +0\.\d+ … 0\.\d+ +0\.\d+ … 0\.\d+ +–$/m);
    expect(text).toMatch(/^ +2 +0\.\d+ +1200 +1200 +1 +1 +–$/m);
    expect(await run('off-policy', 'list', 'rows')).toMatch(
      /^ +1 +\S+ \S+ +same +not-enough-evidence +The log/m,
    );
    const shown = JSON.parse(await run('off-policy', 'show', 'rows', '1', '--json')) as object;
    expect(shown).toMatchObject({ id: 1, result: { log: { kind: 'slate', matching: N } } });
    await expect(run('off-policy', 'run', 'rows', '--candidate', 'same', '--version', '3')).rejects.toThrow(
      'name one candidate',
    );
    await expect(run('off-policy', 'run', 'rows', '--version', '3')).rejects.toThrow('404 not_found');
  });

  it('warm-starts a policy from the log, and watches a signal of what it learned', async () => {
    const signals = { seen: { outcomes: [{ name: 'play' }], combine: 'any' } };
    const reward = { outcomes: [{ name: 'play' }], combine: 'max', signals };
    const body = { id: 'warm', title: 'warm', key: 'thompson-beta', floor: 0.05, reward, gateRequired: true };
    expect((await api.request('POST', '/v1/policies', { body })).status).toBe(201);
    const range = ['--since', '2026-05-01T00:00:00Z', '--until', '2026-05-02T00:00:00Z'];
    const begun = await run('policy', 'warm-start', 'warm', '--from', 'rows', ...range, '--no-wait');
    expect(begun).toMatch(/^Warm start 1 of warm from the log of rows: queued$/m);
    const learner = new LearnPolicy(api.db.database);
    const waiting = run('policy', 'warm-start', 'late', '--from', 'rows', ...range);
    await expect(waiting).rejects.toThrow('404 not_found');
    while ((await learner.run('warm', new Date())).more);
    const shown = await api.request('GET', '/v1/policies/warm/warm-starts/1', { key: api.keys.secret });
    expect(shown.json()).toMatchObject({ status: 'succeeded', decisions: N / 2 });
    await expect(run('policy', 'warm-start', 'warm', '--from', 'rows', ...range)).rejects.toThrow(
      '409 already_learned',
    );
    await expect(run('policy', 'warm-start', 'warm')).rejects.toThrow('name one source');
    const times = ['--from', '2026-05-01T00:00:00Z', '--to', '2026-05-02T00:00:00Z'];
    const text = await run('off-policy', 'run', 'rows', '--candidate', 'warm', ...times);
    expect(text).toContain(`without ${N / 2} that its warm start learned from`);
    await expect(
      run('off-policy', 'run', 'rows', '--candidate', 'warm', ...times, '--guardrail', 'seen:higher:0.1'),
    ).rejects.toThrow('does not define the signal "seen"');
    expect(() => guardrail('seen')).toThrow('SIGNAL:higher|lower:MARGIN');
  });

  it('replays a day page by page', async () => {
    const text = await run('replay', 'rows', '--candidate', 'same', '--day', '2026-05-01', '--show', '3');
    expect(text).toMatch(/^Replay of rows through same, version 0, 2026-05-01/);
    expect(text).toMatch(/^decisions +1200$/m);
    expect(text).toMatch(/^mean weight +1; worth 1200 decisions$/m);
    expect(text.split('\n').filter((line) => /^2026-05-01T01/.test(line))).toHaveLength(3);
    const args = [
      'replay',
      'rows',
      '--version',
      'logged',
      '--day',
      '2026-05-01',
      '--all',
      '--show',
      '1100',
      '--json',
    ];
    const { items, totals } = JSON.parse(await run(...args)) as {
      items: unknown[];
      totals: { decisions: number };
    };
    expect([items.length, totals.decisions]).toEqual([1100, N]);
    await expect(run('replay', 'rows', '--day', 'yesterday')).rejects.toThrow(
      'a day like 2026-08-21 is needed',
    );
  });
});
