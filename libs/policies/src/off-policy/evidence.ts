import { DomainError } from '#experiments';
import type { Evidence, LoggedRows, ModelValues } from './contract.js';
import { crossFit } from './cross-fit.js';
import type { ModelChoice } from './cross-fit.js';
import type { Clusters } from './statistics.js';

const SUM_TOLERANCE = 1e-6;

/**
 * Checks a log and a candidate, and prepares what estimators need. Models are fitted when first asked for.
 * @throws DomainError `invalid_log` naming the row and what is allowed.
 */
export function evidenceOf(
  rows: LoggedRows,
  target: Float64Array,
  clusters: Clusters,
  choice: ModelChoice,
): Evidence {
  checkRows(rows, target);
  const n = rows.action.length;
  const weight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const share = target[i * rows.actions + (rows.action[i] as number)] as number;
    weight[i] = share / (rows.propensity[i] as number);
  }
  let plain: ModelValues | null = null;
  return {
    rows,
    n,
    target,
    weight,
    model: (rowWeight) =>
      rowWeight
        ? crossFit(rows, target, clusters, choice, rowWeight)
        : (plain ??= crossFit(rows, target, clusters, choice)),
  };
}

const refuse = (message: string): never => {
  throw new DomainError('invalid_log', message);
};

function checkRows(rows: LoggedRows, target: Float64Array): void {
  const n = rows.action.length;
  const { actions } = rows;
  if (n < 2) refuse('an evaluation needs at least 2 rows');
  checkLengths(rows, target);
  for (let i = 0; i < n; i++) {
    if (!((rows.action[i] as number) < actions)) refuse(`row ${i}: action must be below ${actions}`);
    const p = rows.propensity[i] as number;
    if (!(p > 0 && p <= 1)) refuse(`row ${i}: propensity ${p} must be above 0 and at most 1`);
    if (!Number.isFinite(rows.reward[i])) refuse(`row ${i}: reward must be a finite number`);
    checkDistribution(target, i, actions, 'target');
    if (!rows.behaviour) continue;
    checkDistribution(rows.behaviour, i, actions, 'behaviour');
    const recorded = rows.behaviour[i * actions + (rows.action[i] as number)] as number;
    if (Math.abs(recorded - p) > SUM_TOLERANCE * Math.max(p, 1e-3))
      refuse(`row ${i}: propensity ${p} differs from ${recorded} of the recorded distribution`);
  }
}

function checkDistribution(table: Float64Array, row: number, actions: number, name: string): void {
  let sum = 0;
  for (let a = row * actions; a < (row + 1) * actions; a++) {
    const p = table[a] as number;
    if (!(p >= 0)) refuse(`row ${row}: ${name} probabilities must be at least 0`);
    sum += p;
  }
  if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) refuse(`row ${row}: ${name} probabilities sum to ${sum}, not 1`);
}

function checkLengths(rows: LoggedRows, target: Float64Array): void {
  const n = rows.action.length;
  const lengths: readonly (readonly [string, number | undefined, number])[] = [
    ['propensity', rows.propensity.length, n],
    ['reward', rows.reward.length, n],
    ['target', target.length, n * rows.actions],
    ['behaviour', rows.behaviour?.length, n * rows.actions],
    ['unit', rows.unit?.length, n],
    ['context', rows.context?.values.length, n * (rows.context?.width ?? 0)],
    ['stratum', rows.stratum?.of.length, n],
    ['explored', rows.explored?.length, n],
    ['rewarded', rows.rewarded?.length, n],
  ];
  for (const [name, length, wanted] of lengths) {
    if (length !== undefined && length !== wanted)
      refuse(`${name} has ${length} numbers, ${wanted} are needed for ${n} rows`);
  }
}
