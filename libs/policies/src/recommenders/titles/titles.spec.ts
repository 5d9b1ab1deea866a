import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import { eachAttribute } from './attributes.js';
import type { AttributeRules } from './attributes.js';
import { memberWeights } from './member.js';
import { flatRows, ridgeInverse, ridgeWeights, withConstant } from './ridge.js';
import {
  buildTable,
  decodeTable,
  encodeTable,
  inverseFrequencies,
  normalised,
  TitleReader,
} from './table.js';
import type { SparseVector } from './table.js';

const RULES: AttributeRules = {
  ignore: ['poster'],
  textAttributes: ['description'],
  yearAttributes: ['year'],
  leastTitles: 2,
  maxAttributes: 100,
};

function named(features: Context): Record<string, number> {
  const found: Record<string, number> = {};
  eachAttribute(features, RULES, (_relation, name, count) => (found[name] = count));
  return found;
}

describe('attributes of a title', () => {
  it('names genres, people, tags, years, flags and words', () => {
    const features: Context = {
      genres: ['Drama', ' drama ', 'Crime'],
      director: 'Ida Lupino',
      year: 1953,
      original: true,
      dubbed: false,
      runtime: 71,
      poster: 'x.png',
      description: 'The hitch-hiker: a hitch of THE road',
    };
    expect(named(features)).toEqual({
      'genres=drama': 1,
      'genres=crime': 1,
      'director=ida lupino': 1,
      'year/10=195': 1,
      'year/3=651': 1,
      'original=true': 1,
      'description~the': 1 + Math.log(2),
      'description~hitch': 1 + Math.log(2),
      'description~hiker': 1,
      'description~road': 1,
    });
  });

  it('stands anything', () => {
    expect(named({ year: Number.NaN, genres: ['', '  '], description: '', director: null })).toEqual({});
    expect(named({ year: '1999', description: 7 })).toEqual({});
  });
});

const titles: Context[] = [
  { genres: ['a', 'b'], year: 1990 },
  { genres: ['a'], year: 1991 },
  { genres: ['b', 'c'], year: 2001 },
  { genres: ['only here'] },
];
const table = buildTable(['t0', 't1', 't2', 't3'], titles, RULES);

describe('the table of titles', () => {
  it('keeps what at least two titles have, the most frequent first', () => {
    expect(table.names).toEqual(['genres=a', 'genres=b', 'year/10=199', 'year/3=663']);
    expect([...table.titles]).toEqual([2, 2, 2, 2]);
    const reader = new TitleReader(table, RULES);
    expect([...reader.known(2).columns]).toEqual([1]);
    expect(reader.known(3).columns.length).toBe(0);
    expect([...reader.fresh({ genres: ['B', 'never seen'], year: 1999 }).columns]).toEqual([1, 2]);
  });

  it('weighs by ln((1 + n) / (1 + df)) and scales to length 1', () => {
    const row = normalised(new TitleReader(table, RULES).known(0), inverseFrequencies(table));
    expect(inverseFrequencies(table)[0]).toBeCloseTo(Math.log(5 / 3), 12);
    expect([...row.values].reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 12);
  });

  it('survives JSON and refuses parts that do not fit', () => {
    const stored = JSON.parse(JSON.stringify(encodeTable(table))) as ReturnType<typeof encodeTable>;
    expect(decodeTable(stored)).toEqual(table);
    expect(() => decodeTable({ ...(stored as object), names: ['genres=a'] })).toThrow(/do not fit/);
  });
});

describe('the member', () => {
  it('counts newer titles more and disliked ones against', () => {
    const request = {
      unitId: 'u',
      context: { history: ['t0', 't1', 'unheard', 't2'], disliked: ['t1'] },
      actions: [],
      subject: null,
      at: 0,
    };
    const weights = memberWeights(request, { halfLife: 2, dislikeWeight: 0.5, historyLimit: 100 }, (id) =>
      id === 'unheard' ? undefined : Number(id.slice(1)),
    );
    expect(weights).toEqual(
      new Map([
        [0, 2 ** -1.5],
        [1, -0.5],
        [2, 1],
      ]),
    );
  });
});

describe('ridge regression', () => {
  const rng = createRng('ridge');
  const sparse = (width: number): SparseVector => {
    const columns = Array.from({ length: width }, (_, c) => c).filter(() => rng.uniform() < 0.5);
    return { columns: Uint32Array.from(columns), values: Float64Array.from(columns, () => rng.normal()) };
  };

  it.each([
    ['rows', 6, 9],
    ['attributes', 12, 5],
  ])('solves the normal equations by the smaller side: %s', (side, count, attributes) => {
    const rows = Array.from({ length: count }, () => withConstant(sparse(attributes), attributes, 0.3));
    const width = attributes + 1;
    const ridge = ridgeInverse(rows, width, 0.7);
    expect(ridge.side).toBe(side);
    const target = new Map([
      [0, 1],
      [3, -0.5],
      [4, 1],
    ]);
    const weights = ridgeWeights(ridge, flatRows(rows), width, target);
    // (F'F + lambda I) w = F'y, checked by multiplying out.
    const dense = rows.map((row) => {
      const line = new Float64Array(width);
      row.columns.forEach((c, k) => (line[c] = row.values[k] as number));
      return line;
    });
    for (let a = 0; a < width; a++) {
      let left = 0.7 * (weights[a] as number);
      let right = 0;
      dense.forEach((line, r) => {
        const fitted = line.reduce((sum, v, c) => sum + v * (weights[c] as number), 0);
        left += (line[a] as number) * fitted;
        right += (line[a] as number) * (target.get(r) ?? 0);
      });
      expect(left).toBeCloseTo(right, 5);
    }
  });
});
