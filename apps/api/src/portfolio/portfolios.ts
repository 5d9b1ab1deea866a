import { Inject, Injectable } from '@nestjs/common';
import {
  DEFAULT_ESTIMATOR,
  EMPTY_MOMENTS,
  estimatorRegistry,
  liftOf,
  selectionBias,
  shrinkPortfolio,
} from '#metrics';
import type { Effect, MetricDefinition, Moments, PortfolioEffect, ShrunkenEffect } from '#metrics';
import { ReportStore } from '../reports/report-store.js';
import { PortfolioStore } from './portfolio-store.js';
import type { PortfolioExperiment } from './portfolio-store.js';
import type { PortfolioQuery } from './portfolio.schemas.js';
import type { Bounds, PortfolioAnswer, PortfolioRow, PortfolioTotal } from './portfolio.contract.js';

const ALPHA = 0.05;
const estimator = estimatorRegistry.get(DEFAULT_ESTIMATOR);

/** One comparison with what shrinking needs; `effect` is null where its lift cannot be computed. */
interface Comparison {
  readonly row: Omit<PortfolioRow, 'shrunken' | 'win'>;
  /** Turned so that positive is good. */
  readonly effect: PortfolioEffect | null;
  readonly sign: 1 | -1;
}

/** Finished experiments side by side, with lifts shrunken against the winner's curse. */
@Injectable()
export class Portfolios {
  constructor(
    @Inject(PortfolioStore) private readonly experiments: PortfolioStore,
    @Inject(ReportStore) private readonly reports: ReportStore,
  ) {}

  async portfolio(query: PortfolioQuery, now: Date): Promise<PortfolioAnswer> {
    const found = await this.experiments.experiments(query, now);
    const comparisons = (await Promise.all(found.map((one) => this.comparisonsOf(one, now)))).flat();
    const usable = comparisons.flatMap(({ effect }) => effect ?? []);
    const shrunk = shrinkPortfolio(usable, 1 - ALPHA);
    const posterior = new Map(shrunk.ok ? usable.map((effect, i) => [effect, shrunk.value.effects[i]]) : []);
    const rows = comparisons.map((one) => finish(one, one.effect ? posterior.get(one.effect) : undefined));
    return {
      asOf: now.toISOString(),
      estimator: estimator.key,
      level: 1 - ALPHA,
      experiments: found.length,
      prior: shrunk.ok
        ? {
            mean: shrunk.value.mean,
            standardError: shrunk.value.meanStandardError,
            standardDeviation: Math.sqrt(shrunk.value.tau2),
          }
        : null,
      reason: shrunk.ok
        ? null
        : shrunk.reason === 'insufficient_units'
          ? 'too_few_experiments'
          : shrunk.reason,
      expectedExaggeration: shrunk.ok ? shrunk.value.expectedExaggeration : null,
      rows,
      totals: totalsOf(comparisons, rows),
    };
  }

  private async comparisonsOf(experiment: PortfolioExperiment, now: Date): Promise<Comparison[]> {
    const { catalogue, metricVersions } = await this.reports.experiment(experiment.key);
    const definition = catalogue.find(experiment.decisionMetric, metricVersions);
    const control = experiment.arms.find((arm) => arm.isControl);
    if (!definition || !control) return [];
    const cells = await this.reports.cells(experiment.key, [definition], now, null);
    const moments = new Map(cells.map((cell) => [cell.arm, cell.moments]));
    return experiment.arms
      .filter((arm) => !arm.isControl)
      .map(({ key }) => compare(experiment, definition, key, moments.get(control.key), moments.get(key)));
  }
}

function compare(
  experiment: PortfolioExperiment,
  definition: MetricDefinition,
  arm: string,
  control: Moments = EMPTY_MOMENTS,
  treatment: Moments = EMPTY_MOMENTS,
): Comparison {
  const how = { alpha: ALPHA, kind: definition.kind, adjust: true } as const;
  const { status, reason, relative } = estimator.compare(control, treatment, how);
  const lift = liftOf(control, treatment, definition.kind);
  const threshold = estimator.halfWidth({ control: control.n, treatment: treatment.n }, { alpha: ALPHA });
  const sign = definition.betterWhen === 'higher' ? 1 : -1;
  const effect =
    status === 'ok' && lift && threshold !== null
      ? { effect: sign * lift.effect, standardError: lift.standardError, threshold }
      : null;
  return {
    row: {
      experiment: experiment.key,
      title: experiment.title,
      metric: definition.key,
      metricTitle: definition.title,
      betterWhen: definition.betterWhen,
      arm,
      status: experiment.status,
      verdict: experiment.verdict,
      shipped: experiment.shippedArm === arm,
      stopReason: experiment.stopReason,
      startedAt: experiment.startedAt.toISOString(),
      stoppedAt: experiment.stoppedAt?.toISOString() ?? null,
      units: control.n + treatment.n,
      lift: boundsOf(relative),
      reason: effect ? null : (reason ?? 'zero_baseline'),
    },
    effect,
    sign,
  };
}

function finish({ row, effect, sign }: Comparison, posterior: ShrunkenEffect | undefined): PortfolioRow {
  const shrunken: (Bounds & { readonly weight: number }) | null = posterior
    ? {
        estimate: sign * posterior.effect,
        lower: sign * (sign > 0 ? posterior.lower : posterior.upper),
        upper: sign * (sign > 0 ? posterior.upper : posterior.lower),
        weight: posterior.weight,
      }
    : null;
  return { ...row, shrunken, win: isWin(effect) };
}

export const boundsOf = ({ estimate, interval }: Effect['relative']): Bounds => ({
  estimate,
  lower: interval?.lower ?? null,
  upper: interval?.upper ?? null,
});

const isWin = (effect: PortfolioEffect | null): boolean =>
  effect !== null && effect.effect > effect.threshold * effect.standardError;

/** Sums by metric: lifts of different metrics do not add up. Positive is good for the product. */
function totalsOf(comparisons: readonly Comparison[], rows: readonly PortfolioRow[]): PortfolioTotal[] {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  return metrics.map((metric) => {
    const own = comparisons
      .map(({ effect, sign }, i) => ({ effect, sign, row: rows[i] as PortfolioRow }))
      .filter(({ row }) => row.metric === metric);
    const sums = (chosen: typeof own) => ({
      count: chosen.length,
      naive: sum(chosen.map(({ effect }) => effect?.effect ?? 0)),
      shrunken: chosen.every(({ row }) => row.shrunken)
        ? sum(chosen.map(({ sign, row }) => sign * (row.shrunken?.estimate ?? 0)))
        : null,
    });
    const wins = sums(own.filter(({ row }) => row.win));
    return {
      metric,
      title: own[0]?.row.metricTitle ?? metric,
      comparisons: own.length,
      wins: { ...wins, corrected: wins.naive - selectionBias(own.flatMap(({ effect }) => effect ?? [])) },
      shipped: sums(own.filter(({ row, effect }) => row.shipped && effect)),
    };
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
