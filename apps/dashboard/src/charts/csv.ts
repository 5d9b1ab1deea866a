import { download, fileStem } from './download.js';
import type { TwinRow } from './chart-frame.js';

/** Spreadsheets run cells that begin like a formula; a leading apostrophe keeps them text. */
function neutralised(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
}

function cell(value: string | number | null): string {
  const text = value === null ? '' : neutralised(String(value));
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV of the twin's rows at full precision, headings first. */
export function csv(headings: Readonly<Record<string, string>>, rows: readonly TwinRow[]): string {
  const keys = Object.keys(headings);
  const lines = rows.map((row) => keys.map((key) => cell(row.cells[key] ?? null)).join(','));
  return [keys.map((key) => cell(headings[key] ?? key)).join(','), ...lines].join('\n');
}

/** Saves the CSV as a file named after the chart. */
export function downloadCsv(
  title: string,
  headings: Readonly<Record<string, string>>,
  rows: readonly TwinRow[],
): void {
  download(`${fileStem(title)}.csv`, new Blob([csv(headings, rows)], { type: 'text/csv' }));
}
