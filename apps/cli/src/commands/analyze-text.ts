import type { Analysis, AnalysisRow } from './analyze-report.js';

const HEADINGS = ['metric', 'arm', 'n', 'control', 'treatment', 'difference', 'lift', 'p', 'decision'];
/** Columns of words; numbers are aligned to the right. */
const LEFT = new Set([0, 1, 8]);

function number(value: number | null): string {
  if (value === null) return '–';
  const text = Number(value.toPrecision(4)).toString();
  return value < 0 ? `\u2212${text.slice(1)}` : text;
}

function percent(value: number | null): string {
  if (value === null) return '–';
  const text = `${(Math.abs(value) * 100).toFixed(2)} %`;
  return value < 0 ? `\u2212${text}` : `+${text}`;
}

function range(bounds: AnalysisRow['lift'], show: (value: number | null) => string): string {
  return bounds.lower === null || bounds.upper === null
    ? show(bounds.estimate)
    : `${show(bounds.estimate)} [${show(bounds.lower)}, ${show(bounds.upper)}]`;
}

function decision(row: AnalysisRow): string {
  const { lower, upper } = row.difference;
  if (lower === null || upper === null) return 'no interval yet';
  return lower > 0 ? 'higher' : upper < 0 ? 'lower' : 'not clear';
}

function nameOf({ metric, adjusted, adjustment }: AnalysisRow): string {
  if (!adjusted) return metric;
  return adjustment === null || adjustment === 'cuped' || adjustment === 'cupac'
    ? `${metric} (adjusted)`
    : `${metric} (${adjustment})`;
}

function cellsOf(row: AnalysisRow): string[] {
  return [
    nameOf(row),
    row.arm,
    `${row.control.n} / ${row.treatment.n}`,
    number(row.control.mean),
    number(row.treatment.mean),
    range(row.difference, number),
    range(row.lift, percent),
    row.pValue === null ? '–' : row.pValue < 0.0001 ? '<0.0001' : row.pValue.toFixed(4),
    decision(row),
  ];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (LEFT.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** The report for people: health, a table with aligned columns, and what was done. */
export function describeAnalysis({ document, report }: Analysis): string {
  const marks = { pass: 'ok', warn: 'WARNING', fail: 'PROBLEM', unknown: 'unknown' } as const;
  const health = report.health.map((check) => `${check.title}: ${marks[check.status]}. ${check.explanation}`);
  const repeated = document.health.repeatedRows;
  const folded =
    repeated > 0
      ? [
          `Note: ${repeated} further rows of units already seen were folded in (sums added up, proportions "at least once").`,
        ]
      : [];
  const reasons = report.results
    .filter(({ effect }) => effect.status !== 'ok')
    .map(
      ({ metric, arm, effect }) =>
        `Note: ${metric} in ${arm} has no interval (${(effect.reason ?? 'unknown').replaceAll('_', ' ')}).`,
    );
  const ways = document.results
    .filter(({ adjusted }) => adjusted)
    .map(({ metric, arm, adjustment, varianceReduction, reason }) =>
      varianceReduction === null
        ? `Note: ${metric} in ${arm} has no result by ${adjustment ?? 'adjustment'} (${(reason ?? 'unknown').replaceAll('_', ' ')}).`
        : `Note: ${adjustment ?? 'adjustment'} takes ${percent(varianceReduction)} of the variance of ${metric} in ${arm}.`,
    );
  const level = `${Math.round(report.options.level * 1000) / 10} % intervals by ${report.options.estimator}, compared with ${report.options.baseline}.`;
  const lines = [
    ...health,
    ...folded,
    '',
    ...aligned([HEADINGS, ...document.results.map(cellsOf)]),
    '',
    ...reasons,
    ...ways,
    level,
  ];
  return `${lines.join('\n')}\n`;
}
