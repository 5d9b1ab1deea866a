/** A cell of an exported table; null is an empty cell. */
export type CsvValue = string | number | boolean | null;

/** Spreadsheets run text that begins like a formula; a leading apostrophe keeps it text. */
const FORMULA = /^[=+\-@\t\r]/;

function cellOf(value: CsvValue): string {
  if (value === null) return '';
  // Shortest text that reads back as the same number: full precision.
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A table as CSV (RFC 4180, CRLF line ends, header line first). Numbers keep every digit; text that begins with
 * `=`, `+`, `-`, `@`, tab or carriage return gets a leading apostrophe, also inside quotes (OWASP, CSV injection).
 */
export function toCsv(columns: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}
