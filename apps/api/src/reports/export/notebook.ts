import { createHash } from 'node:crypto';
import { DEFAULT_TUNING } from '#metrics';
import type { LiftReport } from '../lift-reports.js';
import {
  PY_CHECK,
  PY_CONTRAST,
  PY_DISTRIBUTIONS,
  PY_INTERVAL,
  PY_LOAD,
  PY_PLOT,
  PY_TABLE,
} from './notebook-code.js';

export interface NotebookCell {
  readonly cell_type: 'markdown' | 'code';
  readonly id: string;
  readonly metadata: object;
  readonly source: readonly string[];
  readonly outputs?: readonly never[];
  readonly execution_count?: null;
}

export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: 5;
  readonly metadata: object;
  readonly cells: readonly NotebookCell[];
}

/** nbformat keeps a cell as lines, each with its line end but the last. */
const linesOf = (text: string): string[] =>
  text.split('\n').map((line, i, all) => (i < all.length - 1 ? `${line}\n` : line));

const markdown = (id: string, text: string): NotebookCell => ({
  cell_type: 'markdown',
  id,
  metadata: {},
  source: linesOf(text),
});

const code = (id: string, text: string): NotebookCell => ({
  cell_type: 'code',
  id,
  metadata: {},
  source: linesOf(text),
  outputs: [],
  execution_count: null,
});

/**
 * A text as a Python string literal. JSON's escapes mean the same to Python, once everything outside ASCII is
 * escaped; pairs of surrogates, which Python would keep as two characters, are written as one code point.
 */
function pythonString(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u{10ffff}]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point > 0xffff
      ? `\\U${point.toString(16).padStart(8, '0')}`
      : `\\u${point.toString(16).padStart(4, '0')}`;
  });
}

/** What the notebook pins: everything that its figures depend on, and the figures. */
function pinned(report: LiftReport): string {
  const { experiment, title, asOf, baseline, estimator, alpha, segment, results } = report;
  return JSON.stringify({ experiment, title, asOf, baseline, estimator, alpha, segment, results });
}

/** SHA-256 of the pinned figures: names this state of the report, whenever and wherever it was exported. */
export function snapshotId(report: LiftReport): string {
  return createHash('sha256').update(pinned(report), 'utf8').digest('hex');
}

/**
 * A Jupyter notebook (nbformat 4.5) that recomputes the report from its moments, and stops where a figure differs
 * by more than 1e-9. Needs nothing but Python's standard library; draws where matplotlib is installed.
 */
export function reportNotebook(report: LiftReport): Notebook {
  const snapshot = snapshotId(report);
  const { experiment, asOf, estimator, alpha, baseline } = report;
  const segment = report.segment ? `, segment ${report.segment.attribute}:${report.segment.value}` : '';
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
      language_info: { name: 'python' },
      marquee: { experiment, asOf, snapshot },
    },
    cells: [
      markdown(
        'title',
        `# Report of ${experiment}\n\nAs of ${asOf}, against ${baseline}, ${estimator} at alpha ${alpha}${segment}. Snapshot \`${snapshot}\`.\n\nThe next cell holds the exported moments and figures; all cells after it recompute the figures from the moments and stop if one differs.`,
      ),
      code(
        'exported',
        `SNAPSHOT = "${snapshot}"\nTUNING = ${DEFAULT_TUNING}  # units at which the confidence sequence is tightest\nEXPORTED = ${pythonString(pinned(report))}`,
      ),
      code('load', PY_LOAD),
      markdown('figures', '## The report'),
      code('table', PY_TABLE),
      markdown('distributions-text', '## Distributions'),
      code('distributions', PY_DISTRIBUTIONS),
      markdown('contrast-text', '## Differences and their standard errors'),
      code('contrast', PY_CONTRAST),
      markdown('interval-text', '## Intervals, p-values and lifts'),
      code('interval', PY_INTERVAL),
      markdown('check-text', '## Every figure again, from the moments'),
      code('check', PY_CHECK),
      code('plot', PY_PLOT),
    ],
  };
}
