import { DomainError } from '#experiments';
import { bootstrapIntervals, BOOTSTRAP } from '../bootstrap.js';
import type { BootstrapOptions } from '../bootstrap.js';
import { meanTerms } from '../contract.js';
import type { Interval, Terms } from '../contract.js';
import { modelChoice } from '../cross-fit.js';
import type { ModelOptions } from '../cross-fit.js';
import type { Guardrail } from '../evaluate.js';
import { gateParams } from '../gate.js';
import type { GateVerdict, PairedDifference } from '../gate-clauses.js';
import { ownRows } from '../own-rows.js';
import type { OwnRows } from '../own-rows.js';
import { clustersOf, normalInterval, pointEstimate } from '../statistics.js';
import type { Clusters } from '../statistics.js';
import { cascadeBaseline } from './baseline.js';
import { cascadeDr } from './cascade-dr.js';
import { slateRewards } from './contract.js';
import type { SlateEstimator, SlateRows } from './contract.js';
import { diagnoseSlates } from './diagnostics.js';
import type { SlateDiagnostics } from './diagnostics.js';
import { slateDifference } from './difference.js';
import { judgeSlates, SLATE_JUDGES } from './gate.js';
import { slateEstimatorRegistry } from './index.js';
import { slateRowsOf } from './logged.js';
import type { LoggedSlates } from './logged.js';

/** A signal that may not get worse; as Guardrail, with one number per position of every slate. */
export type SlateGuardrail = Omit<Guardrail, 'range'>;

export interface SlateOptions extends ModelOptions {
  readonly guardrails?: readonly SlateGuardrail[];
  readonly level?: number;
  readonly bootstrap?: Partial<BootstrapOptions>;
  /** Cap of the weights in the diagnostics and in the bound of the difference. */
  readonly clipLimit?: number;
  /** Thresholds of the gate; see gateParams. */
  readonly gate?: unknown;
  /** What the propensity audit said; null: one is needed and there is none; absent: the log has no need of one. */
  readonly audited?: boolean | null;
  /** Why the log lacks what an estimator needs. */
  readonly missing?: Partial<Record<NonNullable<SlateEstimator['needs']>, string>>;
}

export interface SlateEstimate {
  readonly key: string;
  readonly title: string;
  /** Null where the log lacks what it needs, or carries no weight for it; `reason` says why. */
  readonly value: number | null;
  readonly standardError: number | null;
  readonly interval: Interval | null;
  readonly bootstrap: Interval | null;
  /** Weights of slates have no range that a bound could follow from; the difference has a bound. */
  readonly bound: null;
  readonly details: Readonly<Record<string, number>>;
  readonly reason?: string;
}

/** As OffPolicyEvaluation, per slate: every figure is of the sum of a slate's rewards. */
export interface SlateEvaluation {
  readonly baseline: { readonly value: number; readonly standardError: number; readonly interval: Interval };
  readonly estimates: readonly SlateEstimate[];
  /** Cascade-DR of the candidate minus the log's reward, slate by slate. */
  readonly difference: PairedDifference;
  /** The same of every guardrail: of the sum of its signal over a slate. */
  readonly guardrails: readonly (Omit<SlateGuardrail, 'reward'> & {
    readonly difference: PairedDifference;
  })[];
  readonly diagnostics: SlateDiagnostics;
  readonly model: { readonly key: string; readonly params: unknown; readonly folds: number };
  readonly level: number;
  readonly gate: GateVerdict;
}

/**
 * What would a candidate's slates have earned? Every slate estimator, diagnostics, and the verdict of the gate.
 * Estimators that need what the log lacks have no value and say why.
 * @param target the candidate's distribution at every slot given the actions above it in the log, n * slots * K.
 * @throws DomainError `invalid_log`, `invalid_params`, `invalid_model` or `unknown_key`.
 */
export function evaluateSlates(
  log: LoggedSlates,
  target: Float64Array,
  options: SlateOptions = {},
): SlateEvaluation {
  const level = options.level ?? 0.95;
  if (!(level > 0 && level < 1))
    throw new DomainError('invalid_params', '/level: must be above 0 and below 1');
  const clipLimit = options.clipLimit ?? 10;
  const clusters = clustersOf(log.unit, log.n);
  const choice = modelChoice(log.context !== undefined, clusters, options);
  const rowsOf = (of: LoggedSlates): SlateRows => ({
    ...slateRowsOf(of, target),
    baseline: cascadeBaseline(of, target, clusters, choice),
  });
  const rows = rowsOf(log);
  const own = ownRows(log.explored, clusters, log.n);
  const estimates = measureAll(rows, clusters, level, options);
  const diagnostics = diagnoseSlates(log, rows, target, clusters, clipLimit);
  const baseline = pointEstimate(meanTerms(own.pick(slateRewards(rows))), own.clusters);
  const against = (of: SlateRows): PairedDifference => differenceOf(of, own, level, clipLimit);
  const difference = against(rows);
  const guardrails = (options.guardrails ?? []).map(({ reward, ...rest }) => ({
    ...rest,
    difference: against(rowsOf({ ...log, reward })),
  }));
  return {
    baseline: { ...baseline, interval: normalInterval(baseline, level) },
    estimates,
    difference,
    guardrails,
    diagnostics,
    model: { key: choice.model.key, params: choice.params, folds: choice.folds },
    level,
    gate: judgeSlates(
      {
        diagnostics,
        baseline: baseline.value,
        estimates: estimates.filter(({ key }) => SLATE_JUDGES.includes(key)),
        difference,
        guardrails,
        audited: options.audited,
      },
      gateParams.parse(options.gate ?? {}),
    ),
  };
}

function differenceOf(rows: SlateRows, own: OwnRows, level: number, limit: number): PairedDifference {
  const cascade = cascadeDr.estimate(rows) as Terms;
  const terms = own.pick(cascade.columns[0] as Float64Array);
  return slateDifference(ownSlates(rows, own), terms, own.clusters, level, limit);
}

const ownSlates = ({ slots, reward, prefixWeight }: SlateRows, own: OwnRows): SlateRows => ({
  n: own.n,
  slots,
  reward: own.pick(reward, slots),
  prefixWeight: own.pick(prefixWeight, slots),
});

const NOTHING = {
  value: null,
  standardError: null,
  interval: null,
  bootstrap: null,
  bound: null,
  details: {},
};

function measureAll(
  rows: SlateRows,
  clusters: Clusters,
  level: number,
  { bootstrap, missing = {} }: SlateOptions,
): SlateEstimate[] {
  const all = slateEstimatorRegistry
    .list()
    .map((estimator) => ({ estimator, terms: estimator.estimate(rows) }));
  const known = all.flatMap(({ terms }) => (terms ? [terms] : []));
  const intervals = new Map(
    bootstrapIntervals(known, clusters, { ...BOOTSTRAP, ...bootstrap, level }).map((one, i) => [
      known[i],
      one,
    ]),
  );
  return all.map(({ estimator: { key, title, needs }, terms }) => {
    if (!terms) {
      const reason = (needs && missing[needs]) ?? 'The log lacks what it needs.';
      return { key, title, ...NOTHING, reason };
    }
    const point = pointEstimate(terms, clusters);
    if (!Number.isFinite(point.value) || !Number.isFinite(point.standardError)) {
      const reason = 'No slate of the log carries weight: the candidate never serves what was served.';
      return { key, title, ...NOTHING, reason };
    }
    const interval = normalInterval(point, level);
    return {
      key,
      title,
      ...point,
      interval,
      bootstrap: intervals.get(terms) ?? null,
      bound: null,
      details: {},
    };
  });
}
