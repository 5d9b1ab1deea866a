import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import { ExactIndex } from '#policies';
import { buildIndex } from '../apps/api/src/serving/nearest/index-builder.js';
import { figureOf, quantile } from './figure.js';
import type { Figure } from './figure.js';

const TITLES = 100_000;
const FACTORS = 64;
const QUERIES = 200;
/** Titles that matter, and titles that are retrieved so that they are among them. */
const BEST = 100;
const RETRIEVED = 500;
const TASTES = 200;
const LEAST_RECALL = 0.95;
const LIMIT_MS = 10;

/** Vectors around common tastes, the first factors the strongest; titles differ in length, as popular ones are longer. */
function factors(rng: Rng, count: number, centres: Float32Array, isTitle: boolean): Float32Array {
  const rows = new Float32Array(count * FACTORS);
  for (let i = 0; i < count; i++) {
    const taste = Math.floor(TASTES * rng.uniform() ** 2);
    const length = isTitle ? Math.exp(0.5 * rng.normal()) : 1;
    for (let k = 0; k < FACTORS; k++)
      rows[i * FACTORS + k] =
        length * (0.7 * (centres[taste * FACTORS + k] as number) + 0.7 * strength(k) * rng.normal());
  }
  return rows;
}

const strength = (k: number): number => 1 / Math.sqrt(1 + k / 4);

/** Milliseconds of processor time. */
function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const began = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(began);
  return { result, ms: (user + system) / 1000 };
}

/** The retrieval stage on 100,000 titles against a look at every one. */
export async function benchRetrieval(): Promise<Figure[]> {
  const rng = createRng('bench retrieval');
  const centres = Float32Array.from(
    { length: TASTES * FACTORS },
    (_, i) => strength(i % FACTORS) * rng.normal(),
  );
  const rows = factors(rng, TITLES, centres, true);
  const queries = factors(rng, QUERIES, centres, false);
  const vectors = { rows, dimension: FACTORS, biases: null };
  const began = process.cpuUsage();
  const index = await buildIndex(vectors);
  const { user, system } = process.cpuUsage(began);
  const exact = new ExactIndex(vectors);
  const [times, exactTimes]: [number[], number[]] = [[], []];
  let [among, first] = [0, 0];
  for (let n = 0; n < QUERIES; n++) {
    const query = queries.slice(n * FACTORS, (n + 1) * FACTORS);
    const right = timed(() => exact.search(query, RETRIEVED));
    const found = timed(() => index.search(query, RETRIEVED));
    exactTimes.push(right.ms);
    times.push(found.ms);
    const best = new Set(right.result.subarray(0, BEST));
    const hits = (list: ArrayLike<number>): number => Array.from(list).filter((row) => best.has(row)).length;
    among += hits(found.result);
    first += hits(Array.from(found.result).slice(0, BEST));
  }
  const share = (hits: number): number => hits / (BEST * QUERIES);
  return [
    figureOf(
      {
        key: 'retrieval-recall',
        title: 'best 100 of 100,000 titles, found among 500',
        unit: '',
        value: share(among),
        ceiling: null,
        target: { of: 'value', atLeast: LEAST_RECALL },
      },
      { 'in the first 100': share(first), 'build, processor s': (user + system) / 1e6 },
    ),
    figureOf(
      {
        key: 'retrieval-time',
        title: '500 of 100,000 titles, p95',
        unit: 'ms',
        value: quantile(times, 0.95),
        ceiling: quantile(exactTimes, 0.95),
        target: { of: 'value', atMost: LIMIT_MS },
      },
      {
        p50: quantile(times, 0.5),
        'every title, p50': quantile(exactTimes, 0.5),
        'index, bytes per title': index.bytes / TITLES,
      },
    ),
  ];
}
