import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { verifyPropensity } from './reference/propensity.js';
import { verifySlate } from './reference/slate.js';
import { verifyOffPolicy } from './verify-off-policy.js';

const VECTORS = '../shared/vectors';
const DATA = '../shared/data';
const read = (name: string): unknown => JSON.parse(readFileSync(`${VECTORS}/${name}`, 'utf8'));

describe('verify propensity', () => {
  it('counts what passed and failed, and says what differed', () => {
    const report = verifyPropensity({
      cases: [
        { rule: 'softmax', score: [0, Math.log(3)], temperature: 1, p: [0.25, 0.75] },
        { rule: 'softmax', score: [0, Math.log(3)], temperature: 1, p: [0.3, 0.75] },
        { rule: 'squarecb', reward: [1, 0], gamma: 2, p: [0.75, 0.25], p_floor_waterfill_0p3: [0.7, 0.3] },
        // Two equal Beta laws are equally likely at either rank.
        {
          rule: 'beta_ts_rank',
          alpha: [2, 2],
          beta: [5, 5],
          p_by_position: [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
        },
        { rule: 'unheard_of' },
      ],
    });
    expect(report).toMatchObject({ passed: 3, failed: 2 });
    expect(report.failures[0]).toEqual({ id: 'softmax[1]', differences: ['p/0: got 0.25, want 0.3'] });
    expect(report.failures[1]?.differences[0]).toMatch(/not known/);
  });

  it('refuses documents without cases', () => {
    expect(() => verifyPropensity({})).toThrow(/no propensity cases/);
    expect(() => verifySlate({ n_items: 3 })).toThrow(/no slate log/);
    expect(() => verifyOffPolicy({}, DATA)).toThrow(/no off-policy cases/);
    expect(() => verifyOffPolicy({}, undefined)).toThrow(/--data/);
  });
});

const maybe = existsSync(VECTORS) && existsSync(DATA) ? describe : describe.skip;
maybe('reference cases (optional ../shared)', () => {
  it('propensities', () => {
    expect(verifyPropensity(read('propensity.json'))).toMatchObject({ passed: 18, failures: [] });
  });

  it('slates, without the replications', () => {
    const { monte_carlo_300_replications: _, ...document } = read('ope-slate.json') as Record<
      string,
      unknown
    >;
    expect(verifySlate(document)).toMatchObject({ passed: 12, failures: [] });
  });

  it('Open Bandit: one candidate by all estimators, the replays and the audit', () => {
    const document = read('ope.json') as { results: Record<string, unknown> };
    const names = ['bts_empirical_from_random', 'on_policy_bts', 'replay_on_random', 'propensity_audit_bts'];
    const results = Object.fromEntries(names.map((name) => [name, document.results[name]]));
    const report = verifyOffPolicy({ ...document, results }, `${DATA}/open-bandit`);
    expect(report.failures).toEqual([]);
    expect(report.passed).toBeGreaterThan(40);
  });

  it('a recorded environment with known truth', () => {
    const document = read('ope-artwork10.json') as { logs: Record<string, unknown> };
    const logs = { eps_fixed2: document.logs['eps_fixed2'] };
    expect(verifyOffPolicy({ ...document, logs }, `${DATA}/artwork10`)).toMatchObject({
      passed: 34,
      failures: [],
    });
  });
});
