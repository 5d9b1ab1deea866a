import type { MetricDefinition, OutcomeReason } from '#metrics';

export interface Bounds {
  readonly estimate: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** One arm of one experiment against its control, by the metric that decides. Lifts are of the metric as it is. */
export interface PortfolioRow {
  readonly experiment: string;
  readonly title: string;
  readonly metric: string;
  readonly metricTitle: string;
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly arm: string;
  readonly status: string;
  /** The verdict of its report when it was last rolled up. */
  readonly verdict: string | null;
  readonly shipped: boolean;
  readonly stopReason: string | null;
  readonly startedAt: string;
  readonly stoppedAt: string | null;
  readonly units: number;
  /** As the report has it, with the interval of its default estimator. */
  readonly lift: Bounds;
  /** Posterior mean with its interval, and the share of the lift that it keeps. */
  readonly shrunken: (Bounds & { readonly weight: number }) | null;
  readonly win: boolean;
  /** Why it takes no part in the shrinking; null: it does. */
  readonly reason: string | null;
}

interface Sums {
  readonly count: number;
  readonly naive: number;
  readonly shrunken: number | null;
}

/** Sums of lifts of one metric, turned so that positive is good. */
export interface PortfolioTotal {
  readonly metric: string;
  readonly title: string;
  readonly comparisons: number;
  /** `corrected`: naive less the bias of selecting (Lee, Shen 2018). */
  readonly wins: Sums & { readonly corrected: number };
  readonly shipped: Sums;
}

export interface PortfolioAnswer {
  readonly asOf: string;
  readonly estimator: string;
  readonly level: number;
  readonly experiments: number;
  /** What is taken for granted of a new experiment: mean of true lifts, its error, their spread. */
  readonly prior: {
    readonly mean: number;
    readonly standardError: number;
    readonly standardDeviation: number;
  } | null;
  readonly reason: OutcomeReason | 'too_few_experiments' | null;
  readonly expectedExaggeration: number | null;
  readonly rows: readonly PortfolioRow[];
  readonly totals: readonly PortfolioTotal[];
}

/** Sums of lifts, as they were measured and shrunken; `shrunken` is null where one of them could not be. */
export interface ShippedSum {
  readonly count: number;
  readonly naive: number;
  readonly shrunken: number | null;
}

export interface HoldoutLift {
  readonly holdout: string;
  readonly title: string;
  readonly share: number;
  readonly surfaces: readonly string[] | null;
  /** `spared`: units that its exception is about, which count on neither side. */
  readonly units: { readonly heldOut: number; readonly others: number; readonly spared: number };
  /** Tags of what it withholds; null: everything on its surfaces. */
  readonly tags: readonly string[] | null;
  /** What the shipped experiments that it withholds promised together, by the same metric. */
  readonly promised: ShippedSum;
  /** Everyone else against the units that are held out. */
  readonly lift: Bounds;
  readonly reason: string | null;
}
