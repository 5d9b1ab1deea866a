import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import type { MetricDefinition, Moments } from '#metrics';
import { cupacCovariate, fromValues } from '#metrics';

/** What is wrong with a file or an option, in one sentence; shown to the user as it is. */
export class AnalysisInputError extends Error {
  override readonly name = 'AnalysisInputError';
}

export interface MetricColumn {
  /** The column, or numerator/denominator of a ratio. */
  readonly key: string;
  readonly numerator: string;
  readonly denominator: string | null;
  readonly kind: Extract<MetricDefinition['kind'], 'mean' | 'proportion' | 'ratio'>;
}

export interface TableColumns {
  readonly unit: string;
  readonly arm: string;
  readonly metrics: readonly MetricColumn[];
  /** Numbers from before the experiment, the first of which is that of CUPED. */
  readonly covariates: readonly string[];
  /** What the units' strata are told apart by. */
  readonly stratify: string | null;
  /** Numbers from before the experiment, of which CUPAC makes a covariate for each metric. */
  readonly features: readonly string[];
}

export interface TableArm {
  readonly key: string;
  readonly units: number;
  /** By metric key. */
  readonly moments: ReadonlyMap<string, Moments>;
  /** One number per unit of a column that was read. */
  readonly values: (column: string) => Float64Array;
  /** The stratum of each unit; empty without `stratify`. */
  readonly strata: readonly string[];
}

export interface AnalysisTable {
  readonly arms: readonly TableArm[];
  readonly totalUnits: number;
  /** Units found in more than one arm; they are in no arm's moments. */
  readonly crossoverUnits: number;
  /** Rows beyond the first of the same unit in the same arm; folded into it. */
  readonly repeatedRows: number;
}

/** How the values of several rows of one unit become one: sums add up, a proportion is "at least once". */
type Fold = 'sum' | 'any' | 'same';

interface NumberColumn {
  readonly name: string;
  readonly index: number;
  readonly fold: Fold;
  readonly values: number[];
}

/** Arm index of a unit that was seen in several. */
const CROSSED = -1;

/**
 * Collects rows into one value per unit and column. Kept as plain arrays by unit number, so that 100,000 units
 * take about a second, parsing included.
 */
class TableBuilder {
  private readonly unitNumbers = new Map<string, number>();
  private readonly armNumbers = new Map<string, number>();
  private readonly armOfUnit: number[] = [];
  private readonly numbers = new Map<string, NumberColumn>();
  private unitIndex = -1;
  private armIndex = -1;
  private stratumIndex = -1;
  private readonly strata: string[] = [];
  private hasHeader = false;
  private repeatedRows = 0;

  constructor(private readonly columns: TableColumns) {}

  header(names: readonly string[]): void {
    this.hasHeader = true;
    const find = (name: string): number => {
      const index = names.indexOf(name);
      if (index >= 0) return index;
      throw new AnalysisInputError(`there is no column "${name}"; the columns are ${names.join(', ')}`);
    };
    this.unitIndex = find(this.columns.unit);
    this.armIndex = find(this.columns.arm);
    const add = (name: string, fold: Fold): void => {
      const known = this.numbers.get(name);
      if (known && known.fold !== fold && fold !== 'same' && known.fold !== 'same') {
        throw new AnalysisInputError(
          `column "${name}" is asked for as a proportion and as a sum; choose one`,
        );
      }
      if (!known || known.fold === 'same')
        this.numbers.set(name, { name, index: find(name), fold, values: [] });
    };
    for (const metric of this.columns.metrics) {
      add(metric.numerator, metric.kind === 'proportion' ? 'any' : 'sum');
      if (metric.denominator !== null) add(metric.denominator, 'sum');
    }
    if (this.columns.stratify !== null) this.stratumIndex = find(this.columns.stratify);
    for (const name of [...this.columns.covariates, ...this.columns.features]) add(name, 'same');
  }

  row(cells: readonly string[], line: number): void {
    if (!this.hasHeader) return this.header(cells);
    const unitKey = this.required(cells, this.unitIndex, this.columns.unit, line);
    const armKey = this.required(cells, this.armIndex, this.columns.arm, line);
    let arm = this.armNumbers.get(armKey);
    if (arm === undefined) this.armNumbers.set(armKey, (arm = this.armNumbers.size));
    const known = this.unitNumbers.get(unitKey);
    if (known === undefined) {
      const unit = this.unitNumbers.size;
      this.unitNumbers.set(unitKey, unit);
      this.armOfUnit[unit] = arm;
      if (this.stratumIndex >= 0) this.strata[unit] = (cells[this.stratumIndex] as string).trim();
      for (const column of this.numbers.values()) column.values[unit] = this.number(cells, column, line);
      return;
    }
    if (this.armOfUnit[known] !== arm) {
      this.armOfUnit[known] = CROSSED;
      return;
    }
    this.repeatedRows++;
    for (const column of this.numbers.values())
      this.foldInto(column, known, this.number(cells, column, line), line);
  }

  private foldInto(column: NumberColumn, unit: number, value: number, line: number): void {
    const before = column.values[unit] as number;
    if (column.fold === 'same' && before !== value) {
      throw new AnalysisInputError(
        `line ${line}, column "${column.name}": the unit had ${before} in an earlier row and has ${value} here; a covariate has one value per unit`,
      );
    }
    if (column.fold === 'sum') column.values[unit] = before + value;
    if (column.fold === 'any') column.values[unit] = Math.max(before, value);
  }

  private required(cells: readonly string[], index: number, name: string, line: number): string {
    const text = (cells[index] as string).trim();
    if (text === '') throw new AnalysisInputError(`line ${line}, column "${name}": the value is missing`);
    return text;
  }

  private number(cells: readonly string[], column: NumberColumn, line: number): number {
    const text = this.required(cells, column.index, column.name, line);
    const value = column.fold === 'any' ? truth(text) : Number(text);
    if (Number.isFinite(value)) return value;
    const wanted = column.fold === 'any' ? '0 or 1' : 'a number';
    throw new AnalysisInputError(`line ${line}, column "${column.name}": "${text}" is not ${wanted}`);
  }

  finish(): AnalysisTable {
    if (!this.hasHeader) throw new AnalysisInputError('the file is empty');
    if (this.unitNumbers.size === 0) throw new AnalysisInputError('the file has a header but no rows');
    const unitsOfArm: number[][] = Array.from({ length: this.armNumbers.size }, () => []);
    let crossoverUnits = 0;
    this.armOfUnit.forEach((arm, unit) => {
      if (arm === CROSSED) crossoverUnits++;
      else unitsOfArm[arm]?.push(unit);
    });
    const predicted = this.predictions(unitsOfArm.flat());
    const arms = [...this.armNumbers.keys()].map((key, i) => this.armOf(key, unitsOfArm[i] ?? [], predicted));
    return { arms, totalUnits: this.unitNumbers.size, crossoverUnits, repeatedRows: this.repeatedRows };
  }

  /** What the features predict of each metric's numerator, by unit number; empty without features. */
  private predictions(units: readonly number[]): Map<string, Float64Array> {
    const predicted = new Map<string, Float64Array>();
    const pick = (name: string): Float64Array => {
      const values = this.numbers.get(name)?.values ?? [];
      return Float64Array.from(units, (unit) => values[unit] as number);
    };
    if (this.columns.features.length === 0) return predicted;
    const features = this.columns.features.map(pick);
    for (const { key, numerator } of this.columns.metrics) {
      const covariate = cupacCovariate(pick(numerator), features);
      if (!covariate.ok) continue;
      const byUnit = new Float64Array(this.armOfUnit.length);
      units.forEach((unit, i) => (byUnit[unit] = covariate.value[i] as number));
      predicted.set(key, byUnit);
    }
    return predicted;
  }

  private armOf(key: string, units: readonly number[], predicted: Map<string, Float64Array>): TableArm {
    const pick = (name: string | null): Float64Array | undefined => {
      const values = name === null ? undefined : this.numbers.get(name)?.values;
      return values && Float64Array.from(units, (unit) => values[unit] as number);
    };
    const covariate = pick(this.columns.covariates[0] ?? null);
    const predictionOf = (metric: string): Float64Array | undefined => {
      const values = predicted.get(metric);
      return values && Float64Array.from(units, (unit) => values[unit] as number);
    };
    const moments = new Map(
      this.columns.metrics.map((metric): [string, Moments] => [
        metric.key,
        fromValues(
          pick(metric.numerator) ?? new Float64Array(units.length),
          pick(metric.denominator),
          covariate ?? predictionOf(metric.key),
        ),
      ]),
    );
    return {
      key,
      units: units.length,
      moments,
      values: (column) => pick(column) ?? new Float64Array(units.length),
      strata: this.stratumIndex < 0 ? [] : units.map((unit) => this.strata[unit] as string),
    };
  }
}

const TRUTH: ReadonlyMap<string, number> = new Map([
  ['0', 0],
  ['1', 1],
  ['false', 0],
  ['true', 1],
]);

function truth(text: string): number {
  const known = TRUTH.get(text.toLowerCase());
  if (known !== undefined) return known;
  const value = Number(text);
  return value === 0 || value === 1 ? value : NaN;
}

/**
 * Reads a CSV file (header line, comma separated, RFC 4180 quoting) as a stream.
 * @param onBytes called with the number of bytes of each piece read.
 * @throws AnalysisInputError naming line and column of the first value that cannot be used.
 */
export async function readAnalysisTable(
  source: string | Readable,
  columns: TableColumns,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<AnalysisTable> {
  const builder = new TableBuilder(columns);
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    on_record: (cells: string[], context) => {
      builder.row(cells, context.lines);
      return null;
    },
  });
  parser.resume();
  const input = typeof source === 'string' ? createReadStream(source) : source;
  input.on('data', (piece: Buffer | string) => onBytes(piece.length));
  try {
    await pipeline(input, parser);
  } catch (error) {
    throw asInputError(error as NodeJS.ErrnoException);
  }
  return builder.finish();
}

function asInputError(error: NodeJS.ErrnoException): Error {
  if (error instanceof AnalysisInputError) return error;
  if (error.code === 'ENOENT') return new AnalysisInputError('there is no such file');
  if (error.code === 'EISDIR') return new AnalysisInputError('this is a directory, not a file');
  if (error.code?.startsWith('CSV_'))
    return new AnalysisInputError(`not a readable CSV file: ${error.message}`);
  return error;
}
