import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, string>>;

/**
 * Rows of a CSV file with a header.
 * @throws Error with one sentence when the file is missing or lacks one of the columns.
 */
export function readCsv(directory: string, file: string, columns: readonly string[]): Row[] {
  const full = path.join(directory, file);
  if (!existsSync(full))
    throw new Error(`${full} does not exist: --data must name the directory of the data set.`);
  const rows = parse(readFileSync(full), { columns: true, skip_empty_lines: true, bom: true }) as Row[];
  const [first] = rows;
  if (!first) throw new Error(`${full} holds no rows.`);
  const missing = columns.find((column) => !(column in first));
  if (missing !== undefined) throw new Error(`${full} has no column "${missing}".`);
  return rows;
}

/** @throws Error naming file and row where the text is no number. */
export function toNumber(text: string | undefined, where: string): number {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new Error(`${where}: "${text ?? ''}" is not a number.`);
  return value;
}
