import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { createRng } from '#experiments';
import { fromValues, linAdjustment, multiCuped, postStratify } from '#metrics';
import type { CovariateSums } from '#metrics';
import { analyze, parseMetric, registerAnalyze } from './analyze.js';
import type { AnalyzeRequest } from './analyze.js';
import { AnalysisInputError } from './analyze-table.js';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'analyze-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function csv(name: string, lines: readonly string[]): string {
  const path = join(directory, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

interface Row {
  readonly arm: string;
  readonly minutes: number;
  readonly played: number;
  readonly clicks: number;
  readonly views: number;
  readonly before: number;
}

/** A small experiment with known values, written as a file. */
function world(n: number, lift: number): { rows: Row[]; file: string } {
  const rng = createRng(`analyze ${n}`);
  const rows = Array.from({ length: n }, (_, i): Row => {
    const arm = i % 2 === 0 ? 'a' : 'b';
    const taste = rng.normal();
    const views = 1 + rng.below(5);
    return {
      arm,
      minutes: 30 + 8 * taste + 6 * rng.normal() + (arm === 'b' ? 30 * lift : 0),
      played: rng.uniform() < (arm === 'b' ? 0.33 : 0.3) ? 1 : 0,
      clicks: rng.below(views + 1),
      views,
      before: 50 + 10 * taste,
    };
  });
  const lines = rows.map(
    (row, i) => `u${i},${row.arm},${row.minutes},${row.played},${row.clicks},${row.views},${row.before}`,
  );
  return { rows, file: csv(`world-${n}.csv`, ['unit,arm,minutes,played,clicks,views,before', ...lines]) };
}

const base = { unit: 'unit', arm: 'arm', control: 'a' };

/** Textbook two-pass mean and variance, independent of the library. */
function summary(values: readonly number[]): { n: number; mean: number; variance: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    n: values.length,
    mean,
    variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1),
  };
}

function covariance(xs: readonly number[], ys: readonly number[]): number {
  const mx = summary(xs).mean;
  const my = summary(ys).mean;
  return xs.reduce((sum, x, i) => sum + (x - mx) * ((ys[i] as number) - my), 0) / (xs.length - 1);
}

describe('analyze', () => {
  let data: { rows: Row[]; file: string } = { rows: [], file: '' };
  const column = (arm: string, key: Exclude<keyof Row, 'arm'>): number[] =>
    data.rows.filter((row) => row.arm === arm).map((row) => row[key]);

  beforeAll(() => {
    data = world(4000, 0.05);
  });

  it("gives Welch's difference, interval and p-value of a mean and of a proportion", async () => {
    const { document } = await analyze({
      ...base,
      file: data.file,
      metrics: ['minutes:mean', 'played:proportion'],
      estimator: 'welch',
    });
    for (const [i, key] of (['minutes', 'played'] as const).entries()) {
      const a = summary(column('a', key));
      const b = summary(column('b', key));
      const se = Math.sqrt(a.variance / a.n + b.variance / b.n);
      const row = document.results[i];
      expect(row).toMatchObject({ metric: key, arm: 'b', estimator: 'welch', level: 0.95, adjusted: false });
      expect(row?.control.n).toBe(2000);
      expect(row?.control.mean).toBeCloseTo(a.mean, 10);
      expect(row?.treatment.mean).toBeCloseTo(b.mean, 10);
      expect(row?.difference.estimate).toBeCloseTo(b.mean - a.mean, 10);
      // Quantile of t with about 3998 degrees of freedom, R: qt(0.975, 3998) = 1.960557.
      expect(row?.difference.upper).toBeCloseTo(b.mean - a.mean + 1.960557 * se, 5);
      expect(row?.lift.estimate).toBeCloseTo((b.mean - a.mean) / a.mean, 10);
    }
    expect(document.health.sampleRatio).toEqual({ counts: { a: 2000, b: 2000 }, pValue: 1 });
  });

  it('adds a CUPED-adjusted result per metric after the plain one', async () => {
    const { document } = await analyze({
      ...base,
      file: data.file,
      metrics: ['minutes:mean'],
      covariates: ['before'],
      estimator: 'welch',
    });
    expect(document.results.map(({ adjusted }) => adjusted)).toEqual([false, true]);
    const ys = [...column('a', 'minutes'), ...column('b', 'minutes')];
    const xs = [...column('a', 'before'), ...column('b', 'before')];
    const theta = covariance(xs, ys) / summary(xs).variance;
    const adjusted = (arm: string) =>
      summary(column(arm, 'minutes').map((y, i) => y - theta * (column(arm, 'before')[i] as number)));
    const a = adjusted('a');
    const b = adjusted('b');
    const [plain, cuped] = document.results;
    expect(cuped?.difference.estimate).toBeCloseTo(b.mean - a.mean, 9);
    const half = 1.960557 * Math.sqrt(a.variance / a.n + b.variance / b.n);
    expect(cuped?.difference.lower).toBeCloseTo(b.mean - a.mean - half, 5);
    expect((cuped?.difference.upper ?? 0) - (cuped?.difference.lower ?? 0)).toBeLessThan(
      (plain?.difference.upper ?? 0) - (plain?.difference.lower ?? 0),
    );
  });

  it('adjusts by several covariates, by regression and by strata as the raw units say', async () => {
    const request = {
      ...base,
      file: data.file,
      metrics: ['minutes:mean', 'clicks/views:ratio'],
      estimator: 'welch',
    };
    const two = ['before', 'views'];
    const sums = (arm: string): CovariateSums => {
      const [y, x] = [column(arm, 'minutes'), [column(arm, 'before'), column(arm, 'views')]];
      const dot = (a: readonly number[], b: readonly number[]): number =>
        a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
      const ones = y.map(() => 1);
      return {
        n: y.length,
        sum: dot(y, ones),
        sumSquares: dot(y, y),
        covariateSums: x.map((one) => dot(one, ones)),
        covariateProducts: x.map((a) => x.map((b) => dot(a, b))),
        crossProducts: x.map((one) => dot(one, y)),
      };
    };
    const multi = multiCuped(sums('a'), sums('b'));
    const lin = linAdjustment({
      y: data.rows.map((row) => row.minutes),
      treatment: data.rows.map((row) => (row.arm === 'b' ? 1 : 0)),
      covariates: [data.rows.map((row) => row.before), data.rows.map((row) => row.views)],
    });
    const stratified = postStratify(
      [1, 2, 3, 4, 5].map((views) => {
        const of = (arm: string) =>
          fromValues(
            data.rows.filter((row) => row.arm === arm && row.views === views).map((row) => row.minutes),
          );
        return { control: of('a'), treatment: of('b') };
      }),
      'absolute',
    );
    if (!multi.ok || !lin.ok || !stratified.ok) throw new Error('not computed');
    for (const [options, adjustment, estimate, se, ratio] of [
      [{ covariates: two }, 'cuped-multi', multi.value.estimate, multi.value.standardError, 'means_only'],
      [
        { covariates: two, adjust: 'regression' },
        'regression',
        lin.value.estimate,
        lin.value.standardErrors.hc2,
        'means_only',
      ],
      [
        { stratify: 'views' },
        'post-stratified',
        stratified.value.estimate,
        stratified.value.standardError,
        null,
      ],
    ] as const) {
      const { document } = await analyze({ ...request, ...options });
      const [plain, adjusted, , share] = document.results;
      expect(plain).toMatchObject({ adjusted: false, adjustment: null });
      expect(adjusted).toMatchObject({ metric: 'minutes', adjusted: true, adjustment, reason: null });
      expect(adjusted?.difference.estimate).toBeCloseTo(estimate, 8);
      // 1.9606 is the quantile of t with about 3990 degrees of freedom.
      expect((adjusted?.difference.upper ?? 0) - estimate).toBeCloseTo(1.96056 * se, 4);
      expect(share).toMatchObject({ metric: 'clicks/views', adjusted: true, adjustment, reason: ratio });
    }
    for (const [options, message] of [
      [{ adjust: 'magic' }, /--adjust magic: expected cuped, regression, post-stratified/],
      [{ adjust: 'regression' }, /--adjust regression needs --covariate/],
      [{ adjust: 'post-stratified' }, /needs --stratify COLUMN/],
      [{ adjust: 'regression', covariates: two, stratify: 'views' }, /--stratify goes with/],
      [{ stratify: 'nope' }, /there is no column "nope"/],
    ] as const)
      await expect(analyze({ ...request, ...options })).rejects.toThrow(message);
  });

  it('uses the confidence sequence unless told otherwise', async () => {
    const { document } = await analyze({ ...base, file: data.file, metrics: ['minutes:mean'] });
    const a = summary(column('a', 'minutes'));
    const b = summary(column('b', 'minutes'));
    const se = Math.sqrt(a.variance / a.n + b.variance / b.n);
    const g = 5000 / (-2 * Math.log(0.05) + Math.log(1 - 2 * Math.log(0.05)));
    const half = se * Math.sqrt(((4000 + g) / 4000) * Math.log((4000 + g) / (g * 0.05 ** 2)));
    expect(document.results[0]).toMatchObject({ estimator: 'asymptotic-cs' });
    expect(document.results[0]?.difference.lower).toBeCloseTo(b.mean - a.mean - half, 8);
  });

  it('analyses a ratio of two columns by the delta method', async () => {
    const { document } = await analyze({
      ...base,
      file: data.file,
      metrics: ['clicks/views:ratio'],
      estimator: 'welch',
    });
    const part = (arm: string) => {
      const clicks = column(arm, 'clicks');
      const views = column(arm, 'views');
      const ratio = summary(clicks).mean / summary(views).mean;
      const u = summary(clicks.map((c, i) => (c - ratio * (views[i] as number)) / summary(views).mean));
      return { ratio, se2: u.variance / u.n };
    };
    const a = part('a');
    const b = part('b');
    const row = document.results[0];
    expect(row?.difference.estimate).toBeCloseTo(b.ratio - a.ratio, 10);
    expect(row?.difference.upper).toBeCloseTo(b.ratio - a.ratio + 1.960557 * Math.sqrt(a.se2 + b.se2), 6);
  });

  it('reads 100,000 units in less than five seconds of processor time', async () => {
    const large = world(100_000, 0.01);
    // Processor time: the clock on the wall measures how busy the machine is.
    const start = process.cpuUsage();
    const { document } = await analyze({
      ...base,
      file: large.file,
      metrics: ['minutes:mean', 'played:proportion'],
      covariates: ['before'],
    });
    expect(document.results[0]?.control.n).toBe(50_000);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(5);
  });

  it('finds a broken split against the shares it is told', async () => {
    const request = { ...base, file: data.file, metrics: ['minutes:mean'] };
    const { document, report } = await analyze({ ...request, expectedShares: ['a=0.6', 'b=0.4'] });
    expect(document.health.sampleRatio.pValue).toBeLessThan(1e-10);
    expect(report.verdict.kind).toBe('fix-first');
    await expect(analyze({ ...request, expectedShares: ['c=1'] })).rejects.toThrow(
      /no arm "c"; the arms are a, b/,
    );
    await expect(analyze({ ...request, expectedShares: ['a'] })).rejects.toThrow(/expected ARM=WEIGHT/);
  });
});

describe('rows of the file', () => {
  const request = (file: string): AnalyzeRequest => ({ ...base, file, metrics: ['y:mean', 'p:proportion'] });

  it('folds repeated rows of a unit and leaves out units in several arms', async () => {
    const file = csv('repeats.csv', [
      'unit,arm,y,p',
      '1,a,1,0',
      '1,a,2,1',
      '2,a,4,0',
      '3,b,5,1',
      '4,b,7,0',
      '5,a,100,1',
      '5,b,100,1',
      '5,a,100,1',
    ]);
    const { document } = await analyze(request(file));
    expect(document.health).toMatchObject({
      crossoverUnits: 1,
      repeatedRows: 1,
      sampleRatio: { counts: { a: 2, b: 2 } },
    });
    expect(document.results[0]).toMatchObject({ control: { n: 2, mean: 3.5 }, treatment: { n: 2, mean: 6 } });
    expect(document.results[1]).toMatchObject({
      control: { n: 2, mean: 0.5 },
      treatment: { n: 2, mean: 0.5 },
    });
  });

  it('reads quotes, a byte-order mark, CRLF, blank lines and odd names', async () => {
    const file = csv('quotes.csv', [
      '\uFEFF"unit",arm,y,p\r',
      '"a,1","a",1,false\r',
      '\r',
      '"b ""x""",b,2,TRUE\r',
    ]);
    const { document } = await analyze(request(file));
    expect(document.health.sampleRatio.counts).toEqual({ a: 1, b: 1 });
  });

  it('gives null, not NaN, where nothing can be said', async () => {
    const file = csv('tiny.csv', ['unit,arm,y,p', '1,a,0,0', '2,b,0,0']);
    const { document } = await analyze({ ...request(file), estimator: 'welch' });
    expect(document.results[0]).toMatchObject({
      difference: { estimate: null, lower: null, upper: null },
      lift: { estimate: null, lower: null, upper: null },
      pValue: null,
    });
  });

  it.each([
    ['a missing value', ['unit,arm,y,p', '1,a,1,0', '2,b,,1'], /line 3, column "y": the value is missing/],
    ['NaN', ['unit,arm,y,p', '1,a,NaN,0'], /line 2, column "y": "NaN" is not a number/],
    ['infinity', ['unit,arm,y,p', '1,a,1e999,0'], /line 2, column "y": "1e999" is not a number/],
    ['a share of 2', ['unit,arm,y,p', '1,a,1,2'], /line 2, column "p": "2" is not 0 or 1/],
    ['a row that is too short', ['unit,arm,y,p', '1,a,1'], /columns? length|Record Length/i],
    [
      'an unknown column',
      ['unit,arm,z,p', '1,a,1,1'],
      /there is no column "y"; the columns are unit, arm, z, p/,
    ],
    ['an unknown control', ['unit,arm,y,p', '1,x,1,1', '2,y,1,1'], /there is no arm "a"; the arms are x, y/],
    ['one arm only', ['unit,arm,y,p', '1,a,1,1'], /only one arm/],
    ['no rows', ['unit,arm,y,p'], /no rows/],
    ['an empty file', [''], /empty/],
  ])('refuses %s with one sentence', async (_name, lines, message) => {
    const attempt = analyze(request(csv('bad.csv', lines)));
    await expect(attempt).rejects.toThrow(message);
    await expect(analyze(request(csv('bad.csv', lines)))).rejects.toBeInstanceOf(AnalysisInputError);
  });

  it('refuses a file that is not there, an unknown estimator and odd metrics', async () => {
    await expect(analyze(request(join(directory, 'nowhere.csv')))).rejects.toThrow(/no such file/);
    const file = csv('fine.csv', ['unit,arm,y,p', '1,a,1,0', '2,b,2,1']);
    await expect(analyze({ ...request(file), estimator: 'nope' })).rejects.toThrow(
      /estimator "nope" is not known; known are/,
    );
    await expect(analyze({ ...request(file), metrics: ['y:mean', 'y:mean'] })).rejects.toThrow(/given twice/);
    expect(() => parseMetric('y')).toThrow(/expected COLUMN:mean/);
    expect(() => parseMetric('y:ratio')).toThrow(/NUMERATOR\/DENOMINATOR/);
    expect(parseMetric('a:b:mean').numerator).toBe('a:b');
  });
});

describe('the command', () => {
  async function run(args: readonly string[]): Promise<{ out: string; err: string; failed: boolean }> {
    let out = '';
    let err = '';
    const write = process.stdout.write.bind(process.stdout);
    const program = new Command().exitOverride().configureOutput({ writeErr: (text) => (err += text) });
    registerAnalyze(program);
    program.commands[0]?.exitOverride().configureOutput({ writeErr: (text) => (err += text) });
    process.stdout.write = ((text: string) => ((out += text), true)) as typeof process.stdout.write;
    try {
      await program.parseAsync(['analyze', ...args], { from: 'user' });
      return { out, err, failed: false };
    } catch {
      return { out, err, failed: true };
    } finally {
      process.stdout.write = write;
    }
  }

  const options = ['--unit', 'unit', '--arm', 'arm', '--control', 'a'];

  it('prints one JSON document, or a table', async () => {
    const { file } = world(1000, 0.1);
    const json = await run([
      file,
      ...options,
      '--metric',
      'minutes:mean',
      '--metric',
      'played:proportion',
      '--json',
    ]);
    expect(Object.keys(JSON.parse(json.out) as object)).toEqual(['health', 'results']);
    const loose = await run([file, ...options, '--metric', 'minutes:mean', 'played:proportion', '--json']);
    expect(loose.out).toBe(json.out);
    const text = await run([file, ...options, '--metric', 'minutes:mean', '--covariate', 'before']);
    expect(text.out).toMatch(/Sample ratio: ok/);
    const cupac = await run([file, ...options, '--metric', 'minutes:mean', '--feature', 'before']);
    expect(cupac.out).toMatch(/^minutes \(adjusted\) +b +500 \/ 500 .* higher$/m);
    const both = await run([
      file,
      ...options,
      '--metric',
      'minutes:mean',
      '--feature',
      'before',
      '--covariate',
      'before',
    ]);
    const lin = await run([
      file,
      ...options,
      '--metric',
      'minutes:mean',
      '--covariate',
      'before',
      '--covariate',
      'views',
      '--adjust',
      'regression',
    ]);
    expect(lin.out).toMatch(/^minutes \(regression\) +b +500 \/ 500 .* higher$/m);
    expect(lin.out).toMatch(/^Note: regression takes \+\d+\.\d\d % of the variance of minutes in b\.$/m);
    expect(both.err).toMatch(/--covariate and --feature exclude each other/);
    expect(text.out).toMatch(/^minutes \(adjusted\) +b +500 \/ 500 .* higher$/m);
  });

  it('fails with one sentence on standard error', async () => {
    const { file } = world(1000, 0.1);
    const result = await run([file, ...options, '--metric', 'nope:mean', '--json']);
    expect(result).toMatchObject({ failed: true, out: '' });
    expect(result.err.trim().split('\n')).toHaveLength(1);
    expect(result.err).toMatch(/there is no column "nope"/);
  });
});
