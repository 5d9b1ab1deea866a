import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseReferenceCases, runReferenceCase } from './index.js';
import type { ReferenceCase } from './index.js';
import { differences } from './compare.js';
import { referenceMethods } from './methods.js';

/** Reference values computed by R, scipy, mpmath and others; kept beside the checkout, not in it. */
const FILE = join(process.cwd(), '..', 'shared', 'vectors', 'stats.json');

if (existsSync(FILE)) {
  const cases = parseReferenceCases(JSON.parse(readFileSync(FILE, 'utf8')));
  const implemented = cases.filter(({ method }) => method in referenceMethods);

  describe('reference cases', () => {
    it.each(implemented.map((item): [string, ReferenceCase] => [item.id, item]))('%s', (_id, item) => {
      expect(runReferenceCase(item)).toEqual({
        id: item.id,
        method: item.method,
        status: 'passed',
        differences: [],
      });
    });

    it('knows every method it implements from the file, so that none is checked by nothing', () => {
      const present = new Set(cases.map(({ method }) => method));
      expect(Object.keys(referenceMethods).filter((method) => !present.has(method))).toEqual([]);
    });
  });
} else {
  describe('reference cases', () => {
    it.skip('needs ../shared/vectors/stats.json beside the checkout, which is not there', () => undefined);
  });
}

describe('comparison of reference cases', () => {
  const tolerance = { tolerance: 1e-8, abs_tolerance: 0 };

  it('is relative: a wrong digit in 1e-40 counts', () => {
    expect(differences({ p: 1.001e-40 }, { p: 1e-40 }, tolerance)).toHaveLength(1);
    expect(differences({ p: 1e-40 }, { p: 1e-40 }, tolerance)).toEqual([]);
  });

  it('does not accept missing keys, null for a number, short arrays or NaN', () => {
    expect(differences({}, { p: 0.5 }, tolerance)).toHaveLength(1);
    expect(differences({ p: null }, { p: 0 }, tolerance)).toHaveLength(1);
    expect(differences({ p: NaN }, { p: 0.5 }, tolerance)).toHaveLength(1);
    expect(differences({ a: [1] }, { a: [1, 2] }, tolerance)).toHaveLength(1);
    expect(differences({ u: 'Infinity' }, { u: '-Infinity' }, tolerance)).toHaveLength(1);
  });

  it('fails a case whose method throws and skips one it does not know', () => {
    const item = {
      id: 'x',
      method: 'moments',
      input: { values: ['a'] },
      expected: {},
      tolerance: 0,
      abs_tolerance: 0,
    };
    expect(runReferenceCase(item).status).toBe('failed');
    expect(runReferenceCase({ ...item, method: 'unheard-of' }).status).toBe('skipped');
  });
});
