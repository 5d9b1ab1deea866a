import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { createRng } from '#experiments';
import { estimatorRegistry, fromCounts, fromValues } from '#metrics';
import type { Moments } from '#metrics';
import { startTestApi } from '../../../test/api.js';
import type { TestAnswer, TestApi } from '../../../test/api.js';
import type { LiftReport } from '../lift-reports.js';
import { exportReport } from './export-report.js';
import { reportNotebook } from './notebook.js';
import type { Notebook } from './notebook.js';
import { REPORT_COLUMNS } from './report-table.js';

const KEY = 'fresh-rows';
const ARMS = ['control', 'new', 'newer'];
const METRICS = ['watch-minutes', 'click-through', 'play-rate', 'retention-day-1', 'cancellations'];
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Minutes with their covariate, clicks per view, and three kinds of shares, of one cohort of an arm. */
function cohort(arm: number, units: number, day: number): Map<string, Moments> {
  const rng = createRng(`export ${arm} ${units} ${day}`);
  const taste = Float64Array.from({ length: units }, () => rng.normal());
  const views = taste.map(() => 1 + rng.below(6));
  const hits = (share: number) => Math.round(units * share);
  return new Map([
    [
      'watch-minutes',
      fromValues(
        taste.map((t) => Math.max(0, 20 + 8 * t + 4 * rng.normal() + 2 * arm)),
        undefined,
        taste.map((t) => 50 + 9 * t),
      ),
    ],
    [
      'click-through',
      fromValues(
        views.map((n) => rng.below(n + 1)),
        views,
      ),
    ],
    ['play-rate', fromCounts(units, hits(0.3 + 0.02 * arm))],
    ['retention-day-1', fromCounts(units, hits(0.4))],
    ['cancellations', fromCounts(units, hits(0.03 - 0.002 * arm))],
  ]);
}

async function store(api: TestApi, unitsPerCohort: number): Promise<void> {
  const rows = ARMS.flatMap((arm, i) =>
    [1, 2, 3].flatMap((day) =>
      [...cohort(i, unitsPerCohort + 7 * i, day)].map(([metric, m]) => ({
        arm,
        metric,
        day: `2026-04-0${day}`,
        ...m,
      })),
    ),
  );
  await api.db.database.query(
    `insert into moments_cohort (experiment, metric, arm, entered_on, n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero)
     select $1, r.metric, r.arm, r.day::date, r.n, r.mean[1], r.mean[2], r.mean[3],
            r.comoment[1], r.comoment[2], r.comoment[3], r.comoment[4], r.comoment[5], r.comoment[6], r."nonZero"
       from jsonb_to_recordset($2::jsonb) as r
            (arm text, metric text, day text, n bigint, mean double precision[], comoment double precision[], "nonZero" bigint)`,
    [KEY, JSON.stringify(rows)],
  );
  await api.db.database.query(
    `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase, attributes)
     select $1, a.arm || i, a.arm, '2026-04-02T10:00Z', '2026-04-02', 1, '{"device": "=tv"}'
       from unnest($2::text[]) a (arm), generate_series(1, $3::integer) i`,
    [KEY, ARMS, 3 * unitsPerCohort],
  );
}

/** Runs the code cells in order, as a notebook without a screen would. */
function run(notebook: Notebook): { status: number | null; out: string } {
  const script =
    'import json, sys\nscope = {}\nfor cell in json.load(sys.stdin)["cells"]:\n' +
    '    if cell["cell_type"] == "code":\n        exec("".join(cell["source"]), scope)\n';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script], {
    input: JSON.stringify(notebook),
    encoding: 'utf8',
  });
  return { status, out: stdout + stderr };
}

describe('exports of a report', () => {
  let api: TestApi;
  let report: LiftReport;
  const get = (path: string, key?: string | null): Promise<TestAnswer> =>
    api.request('GET', `/v1/experiments/${KEY}${path}`, key === undefined ? {} : { key });

  beforeAll(async () => {
    api = await startTestApi();
    await api.request('POST', '/v1/layers', { body: { key: 'home', title: 'Home' } });
    await api.request('POST', '/v1/surfaces', {
      body: { key: 'home.hero', title: 'Hero', kind: 'value', defaultValue: { rows: 'default' } },
    });
    const created = await api.request('POST', '/v1/experiments', {
      body: {
        key: KEY,
        title: 'Fresh – rows 🎬',
        hypothesis: 'Fresh rows make members watch more',
        surface: 'home.hero',
        layer: 'home',
        arms: ARMS.map((key) => ({
          key,
          weight: 1,
          isControl: key === 'control',
          treatment: { kind: 'value', value: { rows: key } },
        })),
        decisionMetric: METRICS[0],
        secondaryMetrics: METRICS.slice(1, 4),
        guardrailMetrics: METRICS.slice(4),
      },
    });
    if (created.status !== 201) throw new Error(created.text);
    await api.request('POST', `/v1/experiments/${KEY}/start`, { body: {} });
    await store(api, 400);
    report = (await get('/report')).json<LiftReport>();
  }, 120_000);
  afterAll(() => api.close());

  it('has the moments of every result in the report', () => {
    expect(report.results).toHaveLength(METRICS.length * 2);
    const first = report.results.find(({ metric, arm }) => metric === 'watch-minutes' && arm === 'new');
    expect(first?.moments.control.n).toBe(1200);
    expect(first?.moments.treatment.n).toBe(1221);
    expect(first?.moments.treatment.mean[0]).toBe(first?.effect.treatment.mean);
    expect(first?.effect.adjusted).toBe(true);
  });

  it('writes a CSV whose every cell is what the report says: 0 cells differ', async () => {
    const answer = await get('/report/export?format=csv');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^text\/csv/);
    expect(answer.headers['content-disposition']).toMatch(
      /^attachment; filename="fresh-rows-report-\d{4}-\d\d-\d\dT\d{6}Z\.csv"$/,
    );
    const [names, ...rows] = parse(answer.text) as string[][];
    expect(names).toEqual(REPORT_COLUMNS.map(([name]) => name));
    expect(rows).toHaveLength(report.results.length);
    let cells = 0;
    const differing = rows.flatMap((row, i) =>
      row.flatMap((text, j) => {
        const result = report.results[i] as LiftReport['results'][number];
        const [name, value] = REPORT_COLUMNS[j] as (typeof REPORT_COLUMNS)[number];
        // Exported a moment later than it was read.
        if (name === 'as_of' || name === 'window_to') return [];
        cells++;
        const shown = value(result, report);
        const same = typeof shown === 'number' ? Number(text) === shown : text === String(shown ?? '');
        return same ? [] : [`${name}: ${text} for ${shown}`];
      }),
    );
    expect(cells).toBeGreaterThan(700);
    expect(differing).toEqual([]);
  });

  it('names columns as the numbers of the screen, checked by hand for one row', async () => {
    const [names = [], ...rows] = parse((await get('/report/export?format=csv')).text) as string[][];
    const cell = (name: string) => rows[0]?.[names.indexOf(name)];
    const { effect, unadjusted, moments } = report.results[0] as LiftReport['results'][number];
    expect(Number(cell('lift'))).toBe(effect.relative.estimate);
    expect(Number(cell('difference_upper'))).toBe(effect.interval?.upper);
    expect(Number(cell('unadjusted_lift_lower'))).toBe(unadjusted?.relative.interval?.lower);
    expect(Number(cell('control_comoment_yx'))).toBe(moments.control.comoment[4]);
  });

  it('keeps text of the data from becoming a formula', () => {
    const named = {
      ...report,
      results: report.results.map((result) => ({ ...result, title: '=HYPERLINK("x")' })),
    };
    const [names = [], row = []] = parse(exportReport(named, 'csv').content) as string[][];
    expect(row[names.indexOf('title')]).toBe(`'=HYPERLINK("x")`);
    expect(row[names.indexOf('difference_lower')]).toMatch(/^-?[\d.e-]+$/);
  });

  it('writes the JSON of the report, for the same options', async () => {
    const query = 'estimator=welch&alpha=0.01&adjust=false&baseline=new';
    const answer = await get(`/report/export?format=json&${query}`);
    expect(answer.headers['content-disposition']).toMatch(/\.json"$/);
    const shown = (await get(`/report?${query}`)).json<LiftReport>();
    const { estimator, alpha, baseline, results } = answer.json<LiftReport>();
    expect({ estimator, alpha, baseline }).toEqual({ estimator: 'welch', alpha: 0.01, baseline: 'new' });
    expect(results.map(({ effect }) => effect)).toEqual(shown.results.map(({ effect }) => effect));
  });

  it('takes every setting that the report takes', async () => {
    const settings =
      'estimator=group-sequential&maturity=7&alpha=0.1&multiplicity=hommel&family=all&guardrailTest=equivalence' +
      '&looks=5&spending=pocock&plannedUnits=9000&priorLiftSd=0.05&baseline=new&adjust=false';
    const answers = await Promise.all([
      get(`/report?${settings}`),
      get(`/report/export?format=json&${settings}`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const [shown, file] = answers.map((answer) => answer.json<LiftReport>()) as [LiftReport, LiftReport];
    expect(file.options).toEqual(shown.options);
    expect(file.options).not.toEqual(report.options);
    expect(file).toMatchObject({ maturity: 7, baseline: 'new', estimator: 'group-sequential', alpha: 0.1 });
    expect(file.results).toHaveLength(report.results.length);
    for (const format of ['csv', 'ipynb'])
      expect(
        (await get(`/report/export?format=${format}&asOf=2026-01-01&${settings.replace('maturity=7&', '')}`))
          .status,
      ).toBe(200);
  });

  it('refuses an unknown format with what is allowed, an unknown experiment, and the wrong key', async () => {
    const answer = await get('/report/export?format=xls');
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/problem\+json/);
    expect(answer.json<{ errors: { pointer: string; message: string }[] }>().errors[0]).toMatchObject({
      pointer: '/format',
      message: expect.stringMatching(/csv.*json.*ipynb/) as unknown,
    });
    expect((await get('/report/export')).status).toBe(400);
    expect((await api.request('GET', '/v1/experiments/none/report/export?format=csv')).status).toBe(404);
    expect((await get('/report/export?format=csv', api.keys.publishable)).status).toBe(403);
  });

  it('writes a valid notebook that pins what it holds', async () => {
    const notebook = (await get('/report/export?format=ipynb')).json<Notebook>();
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
    const ids = notebook.cells.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[a-zA-Z0-9_-]{1,64}$/.test(id))).toBe(true);
    for (const cell of notebook.cells.filter(({ cell_type: type }) => type === 'code'))
      expect(cell).toMatchObject({ outputs: [], execution_count: null });
    expect(notebook.metadata).toMatchObject({
      marquee: { snapshot: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
    });
  });

  const withPython = hasPython ? it : it.skip;
  withPython.each([
    'estimator=asymptotic-cs',
    'estimator=welch',
    'estimator=welch&adjust=false&alpha=0.001',
    'estimator=asymptotic-cs&baseline=newer&alpha=0.2',
  ])(
    'reproduces every figure in python3, without a library: %s (skipped where there is no python3)',
    async (query) => {
      const notebook = (await get(`/report/export?format=ipynb&${query}`)).json<Notebook>();
      const { status, out } = run(notebook);
      expect(out).not.toMatch(/Traceback|not recomputed/);
      expect(status).toBe(0);
      expect(Number(/(\d+) figures reproduced/.exec(out)?.[1])).toBeGreaterThanOrEqual(10 * 8);
    },
  );

  withPython('stops where a figure is not what its moments give (skipped where there is no python3)', () => {
    const wrong = report.results.map((result) => ({
      ...result,
      effect: { ...result.effect, standardError: (result.effect.standardError ?? 0) * (1 + 1e-8) },
    }));
    const { status, out } = run(reportNotebook({ ...report, results: wrong }));
    expect(status).not.toBe(0);
    expect(out).toMatch(/standard error/);
  });

  withPython(
    'reproduces huge and tiny arms, and says what has no figure (skipped where there is no python3)',
    () => {
      // Small n: t with few degrees of freedom; huge n: beyond the continued fraction.
      const moments = (n: number, mean: number): Moments => ({
        n,
        mean: [mean, 1, 0],
        comoment: [n * 2.5, 0, 0, 0, 0, 0],
        nonZero: n,
      });
      const made = [
        [4, 1],
        [12, 0.2],
        [90_000, 0.01],
        [6e5, 0.002],
        [4e8, 0.0004],
        [4e8, 0.5],
      ] as const;
      const base = report.results[0] as LiftReport['results'][number];
      const results = made.map(([n, gap]) => rebuilt(base, moments(n, 3), moments(n * 2, 3 + gap)));
      const empty = rebuilt(base, moments(0, 0), moments(0, 0));
      const { status, out } = run(reportNotebook({ ...report, results: [...results, empty] }));
      expect(out).toMatch(/insufficient_units/);
      expect(out).toMatch(/48 figures reproduced/);
      expect(status).toBe(0);
    },
  );
});

/** A result of Welch's t for these moments. */
function rebuilt(
  base: LiftReport['results'][number],
  control: Moments,
  treatment: Moments,
): LiftReport['results'][number] {
  const effect = estimatorRegistry
    .get('welch')
    .compare(control, treatment, { alpha: 0.05, kind: 'mean', adjust: false });
  return { ...base, moments: { control, treatment }, effect, unadjusted: null, nonInferiority: null };
}
