import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BUCKETS,
  bucket,
  bucketCount,
  oldBucketCount,
  bucketIndex,
  chooseVariation,
  digestSalt,
  explorationSeed,
  fnv1a32,
  getBucketRanges,
  getEqualWeights,
  hash,
  inNamespace,
  type BucketRange,
} from './hash.js';

const CASES = join(process.cwd(), '..', 'shared', 'vectors', 'growthbook-cases.json');

interface ReferenceCases {
  hash: [string, string, number, number | null][];
  getBucketRange: [string, [number, number, number[] | null], [number, number][]][];
  chooseVariation: [string, number, [number, number][], number][];
  inNamespace: [string, string, [string, number, number], boolean][];
  getEqualWeights: [number, number[]][];
}

const withReference = existsSync(CASES) ? describe : describe.skip;
withReference('GrowthBook reference cases (needs ../shared/vectors/growthbook-cases.json)', () => {
  const cases = (existsSync(CASES) ? JSON.parse(readFileSync(CASES, 'utf8')) : {}) as ReferenceCases;
  it('hashes as GrowthBook does', () => {
    for (const [seed, value, version, expected] of cases.hash)
      expect(hash(seed, value, version)).toBe(expected);
  });
  it('cuts ranges, chooses and filters as GrowthBook does', () => {
    for (const [, [n, coverage, weights], expected] of cases.getBucketRange) {
      const ranges = getBucketRanges(n, coverage, weights);
      expect(ranges).toHaveLength(expected.length);
      expected.flat().forEach((value, i) => expect(ranges.flat()[i]).toBeCloseTo(value, 8));
    }
    for (const [, n, ranges, expected] of cases.chooseVariation)
      expect(chooseVariation(n, ranges)).toBe(expected);
    for (const [, id, namespace, expected] of cases.inNamespace)
      expect(inNamespace(id, namespace)).toBe(expected);
    for (const [n, expected] of cases.getEqualWeights) {
      const weights = getEqualWeights(n);
      expect(weights).toHaveLength(expected.length);
      expected.forEach((value, i) => expect(weights[i]).toBeCloseTo(value, 7));
    }
  });
});

describe('hash', () => {
  it('agrees with published numbers', () => {
    expect(hash('', 'a', 1)).toBe(0.22);
    expect(hash('seed', 'b', 2)).toBe(0.2696);
    expect(hash('abc', 'def', 99)).toBeNull();
    expect(fnv1a32('')).toBe(0x811c9dc5);
    expect(fnv1a32('a')).toBe(0xe40c292c);
    expect(fnv1a32('foobar')).toBe(0xbf9cf968);
  });

  it('is the definition F(decimal(F(salt + unit))) mod 10000, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (salt, unit) => {
        const expected = (fnv1a32(String(fnv1a32(salt + unit))) % 10_000) / 10_000;
        expect(bucket(salt, unit)).toBe(expected);
        expect(bucketIndex(digestSalt(salt), unit) / BUCKETS).toBe(expected);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('hashes UTF-16 code units, so an astral character counts as two', () => {
    expect(fnv1a32('é')).toBe(Math.imul(2166136261 ^ 0xe9, 16777619) >>> 0);
    const [high, low] = ['😀'.charCodeAt(0), '😀'.charCodeAt(1)];
    expect(fnv1a32('😀')).toBe(fnv1a32(String.fromCharCode(low), fnv1a32(String.fromCharCode(high))));
  });

  it('spreads 100,000 ids evenly over 100 cells (chi-square below its 99.9 % quantile, 148.2)', () => {
    const cells = new Array<number>(100).fill(0);
    const salt = digestSalt('home-rows-2026');
    for (let i = 0; i < 100_000; i++) {
      const cell = Math.floor(bucketIndex(salt, `member-${i}`) / 100);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    expect(cells.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(148.2);
  });

  it('gives independent numbers for different salts (10 x 10 chi-square, 81 df, 99.9 % quantile 126.1)', () => {
    for (const [a, b] of [
      ['layer:home', 'rows-a'],
      ['rows-a', 'rows-b'],
      ['holdout:q4', 'layer:home'],
    ] as const) {
      const table = new Array<number>(100).fill(0);
      const [first, second] = [digestSalt(a), digestSalt(b)];
      for (let i = 0; i < 50_000; i++) {
        const cell =
          Math.floor(bucketIndex(first, `u${i}`) / 1000) * 10 +
          Math.floor(bucketIndex(second, `u${i}`) / 1000);
        table[cell] = (table[cell] ?? 0) + 1;
      }
      const rows = Array.from({ length: 10 }, (_, r) =>
        table.slice(r * 10, r * 10 + 10).reduce((s, n) => s + n, 0),
      );
      const columns = Array.from({ length: 10 }, (_, c) =>
        rows.reduce((s, _n, r) => s + (table[r * 10 + c] ?? 0), 0),
      );
      const statistic = table.reduce((sum, n, cell) => {
        const expected = ((rows[Math.floor(cell / 10)] ?? 0) * (columns[cell % 10] ?? 0)) / 50_000;
        return sum + (n - expected) ** 2 / expected;
      }, 0);
      expect(statistic).toBeLessThan(126.1);
    }
  });
});

describe('bucket ranges', () => {
  const weights = fc
    .array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 })
    .map((raw) => raw.map((weight) => weight / raw.reduce((sum, w) => sum + w, 0)));
  const share = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000);

  it('never overlap, and raising the coverage moves nobody', () => {
    fc.assert(
      fc.property(weights, share, share, fc.integer({ min: 0, max: BUCKETS - 1 }), (w, a, b, k) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        const before = chooseVariation(k / BUCKETS, getBucketRanges(w.length, small, w));
        const after = chooseVariation(k / BUCKETS, getBucketRanges(w.length, large, w));
        if (before !== -1) expect(after).toBe(before);
      }),
      { seed: 11, numRuns: 1000 },
    );
  });

  it('bucketCount counts exactly the buckets chooseVariation accepts', () => {
    fc.assert(
      fc.property(weights, share, (w, coverage) => {
        const ranges: BucketRange[] = getBucketRanges(w.length, coverage, w);
        const counted = ranges.map(() => 0);
        for (let k = 0; k < BUCKETS; k++) {
          const arm = chooseVariation(k / BUCKETS, ranges);
          if (arm >= 0) counted[arm] = (counted[arm] ?? 0) + 1;
        }
        expect(ranges.map(bucketCount)).toEqual(counted);
        const old = ranges.map(() => 0);
        for (let k = 0; k < 1000; k++) {
          const arm = chooseVariation(k / 1000, ranges);
          if (arm >= 0) old[arm] = (old[arm] ?? 0) + 10;
        }
        expect(ranges.map(oldBucketCount)).toEqual(old);
      }),
      { seed: 13, numRuns: 30 },
    );
    expect(bucketCount([0, 0.07])).toBe(700);
  });
});

describe('explorationSeed', () => {
  it('separates its parts', () => {
    expect(explorationSeed('s', 'ab', 'c')).not.toBe(explorationSeed('s', 'a', 'bc'));
    expect(explorationSeed('s', 'a')).toBe(explorationSeed('s', 'a'));
  });
});
