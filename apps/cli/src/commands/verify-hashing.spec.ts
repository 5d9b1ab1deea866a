import fs from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { verifyHashing } from './verify-hashing.js';

const CASES = '../shared/vectors/growthbook-cases.json';

describe('verify hashing', () => {
  it('counts what passed, failed and was skipped', () => {
    const report = verifyHashing({
      specVersion: '0.8.0',
      hash: [
        ['', 'a', 1, 0.22],
        ['seed', 'b', 2, 0.2697],
        ['abc', 'def', 99, null],
      ],
      getBucketRange: [
        [
          'halves',
          [2, 1, null],
          [
            [0, 0.5],
            [0.5, 1],
          ],
        ],
      ],
      chooseVariation: [
        [
          'second',
          0.6,
          [
            [0, 0.5],
            [0.5, 1],
          ],
          0,
        ],
      ],
      inNamespace: [['user 3', '3', ['namespace2', 0, 0.4], true]],
      getEqualWeights: [[3, [0.33333333, 0.33333333, 0.33333333]]],
      decrypt: [[], []],
      surprise: [1],
    });
    expect(report).toMatchObject({ passed: 5, failed: 2, skipped: 3 });
    expect(report.failures).toEqual([
      { kind: 'hash', index: 1, message: 'seed "seed", value "b", version 2: expected 0.2697, got 0.2696' },
      { kind: 'chooseVariation', index: 0, message: 'second: expected 0, got 1' },
    ]);
    expect(report.skippedKinds.map(({ kind }) => kind)).toEqual(['decrypt', 'surprise']);
  });

  it('evaluates conditions, experiments, features and stored arms', () => {
    const feature = {
      features: { f: { rules: [{ variations: ['a', 'b', 'c'] }] } },
      attributes: { id: '123' },
    };
    const report = verifyHashing({
      evalCondition: [
        ['in', { a: { $in: [1] } }, { a: 1 }, true],
        ['group', { a: { $inGroup: 'g' } }, { a: 2 }, true, { g: [2] }],
        ['wrong', { a: 1 }, { a: 1 }, false],
      ],
      run: [
        [
          'forced',
          { attributes: { id: '1' }, url: '?k=1' },
          { key: 'k', variations: [0, 1] },
          1,
          true,
          false,
        ],
      ],
      feature: [
        ['unknown', {}, 'f', { value: null, on: false, off: true, source: 'unknownFeature', ruleId: '' }],
        ['a field too few', feature, 'f', { value: 'c', on: true, off: false }],
      ],
      getQueryStringOverride: [['none', 'k', 'https://x.example', 2, null]],
    });
    expect(report).toMatchObject({ passed: 5, failed: 2, skipped: 0 });
    expect(report.failures.map(({ kind, index }) => [kind, index])).toEqual([
      ['evalCondition', 2],
      ['feature', 1],
    ]);
  });

  (fs.existsSync(CASES) ? it : it.skip)(
    'passes every published case that concerns a server (optional ../shared/vectors)',
    () => {
      const report = verifyHashing(JSON.parse(fs.readFileSync(CASES, 'utf8')));
      expect(report.failures).toEqual([]);
      expect(report.passed).toBeGreaterThanOrEqual(255);
      expect(report.skippedKinds.map(({ kind }) => kind)).toEqual(['decrypt', 'urlRedirect']);
    },
  );

  it('fails a case of another layout and refuses another file', () => {
    expect(verifyHashing({ hash: [{ seed: 'a' }] }).failures[0]?.message).toContain('unexpected layout');
    for (const document of [null, [], 3, {}, { decrypt: [] }])
      expect(() => verifyHashing(document)).toThrow(/no hashing cases/);
  });
});
