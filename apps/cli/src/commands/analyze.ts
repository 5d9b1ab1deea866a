import { statSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { DomainError } from '#experiments';
import { estimatorRegistry } from '#metrics';
import { analyseTable } from './analyze-report.js';
import type { Analysis } from './analyze-report.js';
import { wayOf } from './analyze-adjust.js';
import { AnalysisInputError, readAnalysisTable } from './analyze-table.js';
import type { MetricColumn } from './analyze-table.js';
import { describeAnalysis } from './analyze-text.js';
import { analyzeCumulative, isCumulativeFile } from './cumulative/index.js';

const KINDS = ['mean', 'proportion', 'ratio'] as const;

export interface AnalyzeRequest {
  readonly file: string;
  readonly unit: string;
  readonly arm: string;
  readonly control: string;
  /** COLUMN:mean, COLUMN:proportion or NUMERATOR/DENOMINATOR:ratio. */
  readonly metrics: readonly string[];
  readonly covariates?: readonly string[];
  readonly features?: readonly string[];
  readonly adjust?: string;
  readonly stratify?: string;
  readonly estimator?: string;
  readonly alpha?: number;
  /** ARM=WEIGHT; without any, equal shares are expected. */
  readonly expectedShares?: readonly string[];
}

/** @throws AnalysisInputError for a metric that is not COLUMN:KIND. */
export function parseMetric(spec: string): MetricColumn {
  const colon = spec.lastIndexOf(':');
  const column = spec.slice(0, Math.max(0, colon));
  const kind = KINDS.find((known) => known === spec.slice(colon + 1));
  if (column === '' || !kind) {
    throw new AnalysisInputError(
      `--metric ${spec}: expected COLUMN:mean, COLUMN:proportion or NUMERATOR/DENOMINATOR:ratio`,
    );
  }
  if (kind !== 'ratio') return { key: column, numerator: column, denominator: null, kind };
  const slash = column.indexOf('/');
  if (slash <= 0 || slash === column.length - 1) {
    throw new AnalysisInputError(`--metric ${spec}: a ratio names two columns, NUMERATOR/DENOMINATOR:ratio`);
  }
  return { key: column, numerator: column.slice(0, slash), denominator: column.slice(slash + 1), kind };
}

function parseShares(specs: readonly string[]): Map<string, number> {
  return new Map(
    specs.map((spec): [string, number] => {
      const equals = spec.lastIndexOf('=');
      const weight = Number(spec.slice(equals + 1));
      if (equals > 0 && spec.length > equals + 1 && weight >= 0 && Number.isFinite(weight))
        return [spec.slice(0, equals), weight];
      throw new AnalysisInputError(`--expected-share ${spec}: expected ARM=WEIGHT, e.g. control=0.5`);
    }),
  );
}

function checkRequest(request: AnalyzeRequest, metrics: readonly MetricColumn[]): void {
  if (metrics.length === 0)
    throw new AnalysisInputError('--metric COLUMN:mean|proportion is needed at least once');
  const twice = metrics.find(({ key }, i) => metrics.findIndex((other) => other.key === key) !== i);
  if (twice) throw new AnalysisInputError(`--metric ${twice.key} is given twice`);
  if ((request.covariates ?? []).length > 0 && (request.features ?? []).length > 0)
    throw new AnalysisInputError(
      '--covariate and --feature exclude each other: columns as they are, or a prediction from several',
    );
  wayOf(request);
  if (request.estimator !== undefined) estimatorRegistry.get(request.estimator);
  if (request.alpha !== undefined && !(request.alpha > 0 && request.alpha < 1)) {
    throw new AnalysisInputError('--alpha: expected a number between 0 and 1');
  }
}

/**
 * Lift report of an experiment run elsewhere, from a CSV of one row per unit. Several rows of a unit are folded
 * (sums add up, proportions are "at least once", the covariate must agree); a unit in several arms is left
 * out and counted.
 * @throws AnalysisInputError or DomainError with one sentence about what is wrong with the file or an option.
 */
export async function analyze(request: AnalyzeRequest, onBytes?: (bytes: number) => void): Promise<Analysis> {
  const metrics = request.metrics.map(parseMetric);
  checkRequest(request, metrics);
  const expectedShares = parseShares(request.expectedShares ?? []);
  const features = request.features ?? [];
  const covariates = request.covariates ?? [];
  const columns = {
    unit: request.unit,
    arm: request.arm,
    metrics,
    covariates,
    stratify: request.stratify ?? null,
    features,
  };
  const way = wayOf(request);
  const table = await readAnalysisTable(request.file, columns, onBytes);
  return analyseTable(table, metrics, {
    control: request.control,
    adjust: way === null && (covariates.length > 0 || features.length > 0),
    covariates,
    ...(way === null ? {} : { way }),
    expectedShares,
    ...(request.estimator === undefined ? {} : { estimator: request.estimator }),
    ...(request.alpha === undefined ? {} : { alpha: request.alpha }),
  });
}

interface Flags {
  readonly unit?: string;
  readonly arm?: string;
  readonly control?: string;
  readonly metric: string[];
  readonly covariate: string[];
  readonly feature: string[];
  readonly adjust?: string;
  readonly stratify?: string;
  readonly estimator?: string;
  readonly alpha?: string;
  readonly expectedShare: string[];
  readonly tuning?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `marquee analyze FILE.csv ...` (DESIGN 6). */
export function registerAnalyze(program: Command): void {
  const estimators = estimatorRegistry
    .list()
    .map(({ key }) => key)
    .join(' or ');
  const command = program
    .command('analyze')
    .description(
      'lift report of an experiment run elsewhere, from a CSV with one row per unit, or with cumulative statistics',
    )
    .argument('<file>', 'CSV with a header line')
    .argument('[metrics...]', 'further metrics, as after --metric')
    .option('--unit <column>', 'column of the unit that was randomised')
    .option('--arm <column>', 'column of its arm')
    .option('--control <name>', 'the arm to compare with')
    .option(
      '--metric <column:kind>',
      'mean, proportion (0/1), or NUMERATOR/DENOMINATOR:ratio; may be repeated',
      collect,
      [],
    )
    .option('--estimator <key>', estimators)
    .option('--alpha <number>', 'total error, two-sided (default 0.05)')
    .option('--expected-share <arm=weight>', 'planned split; may be repeated (default: equal)', collect, [])
    .option('--tuning <units>', 'cumulative statistics: size at which the confidence sequence is tightest')
    .option('--markdown', 'cumulative statistics: print tables for a document')
    .option('--json', 'print one JSON document');
  addAdjustmentOptions(command);
  command.action(async (file: string, more: string[], flags: Flags) => {
    try {
      if (await isCumulativeFile(file)) {
        process.stdout.write(await analyzeCumulative({ file, ...flags }));
        return;
      }
      const analysis = await withProgress(file, flags.json === true, (onBytes) =>
        analyze(requestOf(file, more, flags), onBytes),
      );
      process.stdout.write(
        flags.json ? `${JSON.stringify(analysis.document)}\n` : describeAnalysis(analysis),
      );
    } catch (error) {
      if (!(error instanceof AnalysisInputError || error instanceof DomainError)) throw error;
      command.error(`analyze ${file}: ${error.message}`);
    }
  });
}

/** What was known before the experiment, and how it adjusts the results. */
function addAdjustmentOptions(command: Command): void {
  command
    .option(
      '--covariate <column>',
      'a number known before the experiment; adds a CUPED-adjusted result per metric; may be repeated',
      collect,
      [],
    )
    .option(
      '--adjust <way>',
      'cuped (default), regression (Lin, HC2 errors) or post-stratified (needs --stratify)',
    )
    .option('--stratify <column>', 'a group known before the experiment, for --adjust post-stratified')
    .option(
      '--feature <column>',
      'a number known before the experiment; all features together predict the covariate (CUPAC); may be repeated',
      collect,
      [],
    );
}

function requestOf(file: string, more: readonly string[], flags: Flags): AnalyzeRequest {
  const { unit, arm, control } = flags;
  if (unit === undefined || arm === undefined || control === undefined) {
    throw new AnalysisInputError('--unit, --arm and --control are needed for a file with one row per unit');
  }
  return {
    file,
    unit,
    arm,
    control,
    metrics: [...flags.metric, ...more],
    expectedShares: flags.expectedShare,
    ...(flags.covariate.length === 0 ? {} : { covariates: flags.covariate }),
    ...(flags.adjust === undefined ? {} : { adjust: flags.adjust }),
    ...(flags.stratify === undefined ? {} : { stratify: flags.stratify }),
    ...(flags.feature.length === 0 ? {} : { features: flags.feature }),
    ...(flags.estimator === undefined ? {} : { estimator: flags.estimator }),
    ...(flags.alpha === undefined ? {} : { alpha: Number(flags.alpha) }),
  };
}

/** A bar on the terminal while the file is read; nothing with --json or where standard error is no terminal. */
async function withProgress(
  file: string,
  silent: boolean,
  run: (onBytes: (bytes: number) => void) => Promise<Analysis>,
): Promise<Analysis> {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (silent || !process.stderr.isTTY || size === 0) return run(() => undefined);
  const bar = new SingleBar({
    format: 'reading {bar} {percentage} %',
    stream: process.stderr,
    clearOnComplete: true,
  });
  bar.start(size, 0);
  try {
    return await run((bytes) => bar.increment(bytes));
  } finally {
    bar.stop();
  }
}
