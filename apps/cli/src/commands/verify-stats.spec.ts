import { describe, expect, it } from '@jest/globals';
import { verifyStats } from './verify-stats.js';

const right = {
  id: 'moments/right',
  method: 'moments',
  input: { values: [1, 2, 3] },
  expected: { status: 'ok', n: 3, mean: 2, variance: 1 },
  tolerance: 1e-12,
  abs_tolerance: 0,
};

describe('verify stats', () => {
  it('counts what passed, failed and was skipped, and says what differed', () => {
    const wrong = { ...right, id: 'moments/wrong', expected: { status: 'ok', mean: 2.1 } };
    const broken = { ...right, id: 'moments/broken', input: { values: 'no' } };
    const later = { ...right, id: 'later/1', method: 'later' };
    const report = verifyStats([right, wrong, broken, later, { ...later, id: 'later/2' }]);
    expect(report).toMatchObject({
      passed: 1,
      failed: 2,
      skipped: 2,
      skippedMethods: [{ method: 'later', cases: 2 }],
    });
    expect(report.failures[0]).toEqual({
      id: 'moments/wrong',
      method: 'moments',
      differences: ['/mean: got 2, want 2.1'],
    });
    expect(report.failures[1]?.differences[0]).toMatch(/^threw/);
  });

  it('refuses a document without cases', () => {
    expect(() => verifyStats([])).toThrow(/no statistics cases/);
    expect(() => verifyStats({ hash: [] })).toThrow(/no statistics cases/);
    expect(() => verifyStats([{ id: 1 }])).toThrow(/no statistics cases/);
  });
});
