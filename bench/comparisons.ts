import { createRng } from '#experiments';
import { estimatorRegistry, fromCounts, fromValues, normalSf } from '#metrics';
import type { EstimateOptions, Moments } from '#metrics';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';

/** Pairs of arms per kind, all different; a scan of segments never meets the same numbers twice. */
const PAIRS = 2000;
const REPEATS = 15;

type Pair = readonly [control: Moments, treatment: Moments];

interface Workload {
  readonly name: string;
  readonly options: EstimateOptions;
  readonly pairs: readonly Pair[];
}

function valuesOf(seed: string, shift: number): Moments {
  const rng = createRng(seed);
  const n = 150 + Math.floor(rng.uniform() * 400);
  const y = new Float64Array(n);
  const d = new Float64Array(n);
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    x[i] = rng.normal();
    y[i] = 5 + shift + 0.6 * (x[i] as number) + 0.8 * rng.normal();
    d[i] = 2 + Math.floor(3 * rng.uniform());
  }
  const moments = fromValues(y, d, x);
  // The size of a segment, not of the sample that gave it its shape.
  const scale = 1 + Math.floor(rng.uniform() * 60);
  return {
    ...moments,
    n: n * scale,
    nonZero: n * scale,
    comoment: moments.comoment.map((c) => c * scale) as unknown as Moments['comoment'],
  };
}

function workloads(): Workload[] {
  const pairs = Array.from({ length: PAIRS }, (_, i): Pair => [
    valuesOf(`control ${i}`, 0),
    valuesOf(`treatment ${i}`, (i % 7) * 0.02),
  ]);
  const shares = pairs.map(([a, b], i): Pair => [
    { ...fromCounts(a.n, Math.round(a.n * 0.2)), mean: [Math.round(a.n * 0.2) / a.n, 1, a.mean[2]] },
    fromCounts(b.n, Math.round(b.n * (0.2 + (i % 5) * 0.004))),
  ]);
  const sharesWithCovariate = shares.map(([a, b], i): Pair => [
    withCovariate(a, (pairs[i] as Pair)[0]),
    withCovariate(b, (pairs[i] as Pair)[1]),
  ]);
  return ([false, true] as const).flatMap((adjust): Workload[] => [
    { name: 'mean', options: { alpha: 0.05, kind: 'mean', adjust }, pairs },
    {
      name: 'proportion',
      options: { alpha: 0.05, kind: 'proportion', adjust },
      pairs: adjust ? sharesWithCovariate : shares,
    },
    { name: 'ratio', options: { alpha: 0.05, kind: 'ratio', adjust }, pairs },
  ]);
}

/** A share whose covariate explains a quarter of its variance. */
function withCovariate(share: Moments, source: Moments): Moments {
  const yy = share.comoment[0];
  const xx = source.comoment[2];
  return {
    ...share,
    mean: [share.mean[0], 1, source.mean[2]],
    comoment: [yy, 0, xx, 0, 0.5 * Math.sqrt(yy * xx), 0],
  };
}

/** What any comparison costs at least: difference, standard error, z, p-value and interval of two means, no objects. */
function bareComparisons(pairs: readonly Pair[]): number {
  let sum = 0;
  for (const [a, b] of pairs) {
    const se = Math.sqrt(a.comoment[0] / (a.n - 1) / a.n + b.comoment[0] / (b.n - 1) / b.n);
    const difference = b.mean[0] - a.mean[0];
    sum += normalSf(Math.abs(difference / se)) + difference - 1.96 * se + (difference + 1.96 * se);
  }
  return sum;
}

/** Times one pass per round; the median keeps a busy machine's interruptions out. */
function perSecond(pass: () => number, count: number): number {
  let kept = 0;
  const rates = Array.from({ length: REPEATS }, () => {
    const began = performance.now();
    kept += pass();
    return (1000 * count) / (performance.now() - began);
  });
  if (Number.isNaN(kept)) throw new Error('a comparison gave no number');
  return median(rates);
}

/** Full comparisons (estimate, interval, lift, p-value) per second on one core, the slowest kind of the two estimators. */
export function benchComparisons(): Promise<Figure[]> {
  const loads = workloads();
  const rates: Record<string, number> = {};
  for (const key of ['asymptotic-cs', 'welch']) {
    const estimator = estimatorRegistry.get(key);
    for (const { name, options, pairs } of loads) {
      const pass = (): number => {
        let sum = 0;
        for (const [a, b] of pairs) sum += estimator.compare(a, b, options).evidence?.value ?? NaN;
        return sum;
      };
      rates[`${key} ${name}${options.adjust ? ' adjusted' : ''}`] = perSecond(pass, pairs.length);
    }
  }
  const first = loads[0] as Workload;
  const bare = perSecond(() => bareComparisons(first.pairs), first.pairs.length);
  return Promise.resolve([
    figureOf(
      {
        key: 'comparisons',
        title: 'comparisons of two arms, the slowest kind, one core',
        unit: '/s',
        value: Math.min(...Object.values(rates)),
        ceiling: bare,
        target: { of: 'value', atLeast: 200_000 },
      },
      rates,
    ),
  ]);
}
