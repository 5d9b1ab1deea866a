import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { fromSummary } from '#metrics';
import type { Moments } from '#metrics';
import { AnalysisInputError } from '../analyze-table.js';

/** Columns of a file of cumulative statistics per arm, as the ASOS Digital Experiments Dataset has them. */
export const CUMULATIVE_COLUMNS = [
  'experiment_id',
  'variant_id',
  'metric_id',
  'time_since_start',
  'count_c',
  'count_t',
  'mean_c',
  'mean_t',
  'variance_c',
  'variance_t',
] as const;

type ColumnName = (typeof CUMULATIVE_COLUMNS)[number];

/** Everything up to a point in time; null moments where the variance was not recorded. */
export interface Look {
  /** Days since the start. */
  readonly day: number;
  readonly control: Moments | null;
  readonly treatment: Moments | null;
}

/** One variant against control by one metric, oldest look first. */
export interface Comparison {
  readonly experiment: string;
  readonly variant: string;
  readonly metric: string;
  readonly looks: readonly Look[];
}

/** Whether the header line is that of cumulative statistics. */
export function isCumulative(header: readonly string[]): boolean {
  return CUMULATIVE_COLUMNS.every((name) => header.includes(name));
}

/** The header line of a CSV file; empty for a file that cannot be read (reading it says why). */
export async function headerOf(file: string): Promise<string[]> {
  const parser = parse({ bom: true, to: 1, relax_column_count: true });
  const lines: string[][] = [];
  parser.on('data', (line: string[]) => lines.push(line));
  await pipeline(createReadStream(file), parser).catch(() => undefined);
  return lines[0] ?? [];
}

/**
 * Reads cumulative statistics per experiment, variant, metric and time.
 * @throws AnalysisInputError naming line and column of the first value that cannot be used.
 */
export async function readCumulative(file: string): Promise<Comparison[]> {
  const comparisons = new Map<string, { comparison: Omit<Comparison, 'looks'>; looks: Look[] }>();
  const parser = parse({
    bom: true,
    columns: true,
    skip_empty_lines: true,
    on_record: (record: Record<ColumnName, string>, { lines }) => {
      const line = lineReader(record, lines);
      const comparison = {
        experiment: line.text('experiment_id'),
        variant: line.text('variant_id'),
        metric: line.text('metric_id'),
      };
      const key = Object.values(comparison).join('\u0000');
      const known = comparisons.get(key) ?? { comparison, looks: [] };
      comparisons.set(key, known);
      known.looks.push({
        day: line.number('time_since_start'),
        control: armOf(line, 'c'),
        treatment: armOf(line, 't'),
      });
      return null;
    },
  });
  parser.resume();
  try {
    await pipeline(createReadStream(file), parser);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('CSV_'))
      throw new AnalysisInputError(`not a readable CSV file: ${(error as Error).message}`);
    throw error;
  }
  if (comparisons.size === 0) throw new AnalysisInputError('the file has a header but no rows');
  return [...comparisons.values()].map(({ comparison, looks }) => ({
    ...comparison,
    looks: looks.sort((a, b) => a.day - b.day),
  }));
}

interface Line {
  text(name: ColumnName): string;
  number(name: ColumnName, allowed?: (value: number) => boolean, wanted?: string): number;
  isEmpty(name: ColumnName): boolean;
}

function lineReader(record: Readonly<Record<ColumnName, string>>, line: number): Line {
  const text = (name: ColumnName): string => {
    const value = record[name].trim();
    if (value === '') throw new AnalysisInputError(`line ${line}, column "${name}": the value is missing`);
    return value;
  };
  return {
    text,
    isEmpty: (name) => record[name].trim() === '',
    number(name, allowed = () => true, wanted = 'a number') {
      const value = Number(text(name));
      if (Number.isFinite(value) && allowed(value)) return value;
      throw new AnalysisInputError(`line ${line}, column "${name}": "${record[name]}" is not ${wanted}`);
    },
  };
}

function armOf(line: Line, arm: 'c' | 't'): Moments | null {
  const count = line.number(
    `count_${arm}`,
    (n) => Number.isSafeInteger(n) && n >= 0,
    'a whole number of at least 0',
  );
  const mean = line.number(`mean_${arm}`);
  if (line.isEmpty(`variance_${arm}`)) return null;
  return fromSummary(
    count,
    mean,
    line.number(`variance_${arm}`, (v) => v >= 0, 'a number of at least 0'),
  );
}
