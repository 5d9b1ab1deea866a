import { describe, expect, it } from '@jest/globals';
import { verifyHashing } from './verify-hashing.js';

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
      run: [[], []],
      surprise: [1],
    });
    expect(report).toMatchObject({ passed: 5, failed: 2, skipped: 3 });
    expect(report.failures).toEqual([
      { kind: 'hash', index: 1, message: 'seed "seed", value "b", version 2: expected 0.2697, got 0.2696' },
      { kind: 'chooseVariation', index: 0, message: 'second: expected 0, got 1' },
    ]);
    expect(report.skippedKinds.map(({ kind }) => kind)).toEqual(['run', 'surprise']);
  });

  it('fails a case of another layout and refuses another file', () => {
    expect(verifyHashing({ hash: [{ seed: 'a' }] }).failures[0]?.message).toContain('unexpected layout');
    for (const document of [null, [], 3, {}, { run: [] }])
      expect(() => verifyHashing(document)).toThrow(/no hashing cases/);
  });
});
