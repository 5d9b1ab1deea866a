import type { Context } from '#experiments';
import { z } from 'zod';
import type { Ranking } from '../wrappers/contract.js';

/** What re-rankers that ask how alike two actions are have in common. */
export const similarityFields = {
  similarity: z
    .enum(['features', 'factors'])
    .default('features')
    .describe(
      'features: Jaccard similarity of the features named. factors: cosine of what the model has learned; a model without factors is asked by features.',
    ),
  features: z
    .array(z.string().min(1).max(100))
    .max(20)
    .default(['genres'])
    .describe('Features of the actions that make them alike; a list counts by its entries.'),
  pool: z
    .int()
    .min(2)
    .max(2000)
    .default(100)
    .describe('How many of the best by score are re-ranked; the others stay behind them.'),
  places: z
    .int()
    .min(1)
    .max(500)
    .default(40)
    .describe('How many places are filled this way; the rest of the pool follows by score.'),
};

/** Values of a feature as tokens: the entries of a list, or the one value there is. */
export function valuesOf(features: Context, name: string): readonly string[] {
  const value = Object.hasOwn(features, name) ? features[name] : null;
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? value : [String(value)];
}

/** Similarity in [0, 1] of two members of a pool, by their places in it; positive semi-definite. */
export type Similarity = (a: number, b: number) => number;

/** |A and B| / |A or B|, 0 for two actions without any of the features: nothing says that they are alike. */
function jaccard(ranking: Ranking, pool: Uint32Array, names: readonly string[]): Similarity {
  const known = new Map<string, number>();
  const sets = Array.from(pool, (index) => {
    const tokens = new Set<number>();
    const features = ranking.request.actions[index]?.features ?? {};
    for (const name of names)
      for (const value of valuesOf(features, name)) {
        const text = `${name}=${value}`;
        let token = known.get(text);
        if (token === undefined) known.set(text, (token = known.size));
        tokens.add(token);
      }
    return Int32Array.from(tokens).sort();
  });
  return (a, b) => {
    const left = sets[a] as Int32Array;
    const right = sets[b] as Int32Array;
    const common = inCommon(left, right);
    return common === 0 ? 0 : common / (left.length + right.length - common);
  };
}

/** Of two sorted lists without repeats. */
function inCommon(a: Int32Array, b: Int32Array): number {
  let [i, j, common] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i] as number, b[j] as number];
    if (x === y) common++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return common;
}

/** (1 + cosine) / 2 of two vectors, 0 where one is all zeros. */
function cosine(pool: Uint32Array, dimension: number, rows: Float64Array): Similarity {
  const unit = new Float64Array(pool.length * dimension);
  const known = Uint8Array.from(pool, (index, place) => {
    let square = 0;
    for (let k = 0; k < dimension; k++) square += (rows[index * dimension + k] as number) ** 2;
    if (!(square > 0)) return 0;
    const scale = 1 / Math.sqrt(square);
    for (let k = 0; k < dimension; k++)
      unit[place * dimension + k] = (rows[index * dimension + k] as number) * scale;
    return 1;
  });
  return (a, b) => {
    if (known[a] === 0 || known[b] === 0) return 0;
    let product = 0;
    for (let k = 0; k < dimension; k++)
      product += (unit[a * dimension + k] as number) * (unit[b * dimension + k] as number);
    return Math.min(1, Math.max(0, (1 + product) / 2));
  };
}

/** How alike the members of a pool are, by what the parameters name. @param pool indices of actions. */
export function similarityOf(
  ranking: Ranking,
  pool: Uint32Array,
  params: { readonly similarity: 'features' | 'factors'; readonly features: readonly string[] },
): Similarity {
  const vectors = params.similarity === 'factors' ? ranking.vectors() : null;
  return vectors ? cosine(pool, vectors.dimension, vectors.rows) : jaccard(ranking, pool, params.features);
}
