import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { analyseCumulative } from './analyse-cumulative.js';
import { analyzeCumulative, isCumulativeFile } from './index.js';
import { CUMULATIVE_COLUMNS, readCumulative } from './read-cumulative.js';

const ASOS = '../shared/data/asos/asos-experiments.csv';
const DOCUMENT = 'docs/explanation/always-valid-on-real-experiments.md';
const HEADER = CUMULATIVE_COLUMNS.join(',');

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cumulative-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function csv(...lines: string[]): string {
  const file = join(directory, 'data.csv');
  writeFileSync(file, `${[HEADER, ...lines].join('\n')}\n`);
  return file;
}

describe('cumulative statistics', () => {
  it.each([
    // scipy.stats.ttest_ind_from_stats(mean_t, std_t, n_t, mean_c, std_c, n_c, equal_var=False)
    ['e,1,1,7,1000,1010,10.2,10.7,25,30', 0.03265520885666324],
    ['e,1,1,7,60,40,1,1.9,2,3', 0.007861856436585855],
    ['e,1,1,7,200000,200000,0.5,0.503,0.25,0.2496', 0.05768020527031509],
  ])('gives the p-value of scipy for %s', async (line, pValue) => {
    const [result] = analyseCumulative(await readCumulative(csv(line)), { alpha: 0.05 });
    expect(Math.abs((result?.last?.fixed.pValue ?? 0) / pValue - 1)).toBeLessThan(1e-9);
  });

  it('orders looks by time, and says when each way of looking became clear and what it took back', async () => {
    const file = csv(
      'e,1,1,3,20000,20000,0.5,0.5005,0.25,0.25',
      'e,1,1,1,5000,5000,0.5,0.522,0.25,0.25',
      'e,1,1,2,10000,10000,0.5,0.54,0.25,0.25',
      'e,2,1,1,5000,5000,0.5,0.5,,',
    );
    const [first, second] = analyseCumulative(await readCumulative(file), { alpha: 0.05 });
    expect(first?.looks.map(({ day }) => day)).toEqual([1, 2, 3]);
    expect(first?.firstDay).toEqual({ fixed: 1, alwaysValid: 2 });
    expect(first?.changes).toEqual({ fixed: 1, alwaysValid: 2 });
    expect(first?.last?.fixed.sign).toBe('not clear');
    expect(second).toMatchObject({ looksLeftOut: 1, last: null });
  });

  it.each([
    ['e,1,1,1,ten,10,1,1,1,1', 'line 2, column "count_c": "ten" is not a whole number of at least 0'],
    ['e,1,1,1,10,10,1,,1,1', 'line 2, column "mean_t": the value is missing'],
    ['e,1,1,1,10,10,1,1,-1,1', 'line 2, column "variance_c": "-1" is not a number of at least 0'],
    ['e,1,1,soon,10,10,1,1,1,1', 'line 2, column "time_since_start": "soon" is not a number'],
  ])('refuses %s', async (line, message) => {
    await expect(readCumulative(csv(line))).rejects.toThrow(message);
  });

  it('tells the two shapes of file apart by their header', async () => {
    expect(await isCumulativeFile(csv())).toBe(true);
    await expect(analyzeCumulative({ file: csv() })).rejects.toThrow(/no rows/);
    await expect(analyzeCumulative({ file: csv('e,1,1,7,60,40,1,1.9,2,3'), alpha: '5' })).rejects.toThrow(
      /--alpha/,
    );
    const file = join(directory, 'units.csv');
    writeFileSync(file, 'unit,arm,minutes\n1,a,2\n');
    expect(await isCumulativeFile(file)).toBe(false);
    expect(await isCumulativeFile(join(directory, 'none.csv'))).toBe(false);
  });
});

const withData = existsSync(ASOS) ? describe : describe.skip;
const hasScipy = spawnSync('python3', ['-c', 'import scipy']).status === 0;

const SCIPY = `
import csv, json, sys
from scipy.stats import ttest_ind_from_stats as welch
last = {}
for row in csv.DictReader(open(sys.argv[1])):
    if row["variance_c"] and row["variance_t"] and int(row["count_c"]) > 1:
        key = "/".join((row["experiment_id"], row["variant_id"], row["metric_id"]))
        if key not in last or float(row["time_since_start"]) > float(last[key]["time_since_start"]):
            last[key] = row
print(json.dumps({key: welch(float(r["mean_t"]), float(r["variance_t"]) ** 0.5, float(r["count_t"]),
    float(r["mean_c"]), float(r["variance_c"]) ** 0.5, float(r["count_c"]), equal_var=False).pvalue
    for key, r in last.items()}))
`;

withData('the ASOS experiments (skipped where ../shared/data/asos is absent)', () => {
  (hasScipy ? it : it.skip)(
    'end with the p-values of scipy to 1e-9 (skipped where there is no scipy)',
    async () => {
      const { stdout } = spawnSync('python3', ['-c', SCIPY, ASOS], { encoding: 'utf8' });
      const expected = JSON.parse(stdout) as Record<string, number>;
      const results = analyseCumulative(await readCumulative(ASOS), { alpha: 0.05 });
      expect(results).toHaveLength(200);
      expect(Object.keys(expected)).toHaveLength(200);
      const errors = results.map(({ experiment, variant, metric, last }) => {
        const wanted = expected[`${experiment}/${variant}/${metric}`] ?? NaN;
        return Math.abs((last?.fixed.pValue ?? NaN) / wanted - 1);
      });
      expect(Math.max(...errors)).toBeLessThan(1e-9);
    },
  );

  it('are in the documentation as the command prints them', async () => {
    const printed = await analyzeCumulative({ file: ASOS, markdown: true });
    expect(readFileSync(DOCUMENT, 'utf8')).toContain(printed.trim());
  });
});
