import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { OutcomeReason } from '../inference/outcome.js';
import { shareLaw } from './beta-binomial.js';
import type { Posterior } from './best.js';
import { rateLaw } from './gamma-poisson.js';
import { excess, expectation, probabilitiesBest, tabulate } from './grid.js';
import type { Table } from './grid.js';

/** A posterior with what a comparison of arms needs of it beside its law. */
export interface ArmLaw {
  readonly law: Posterior;
  readonly mean: number;
  /** Ends of the equal-tailed credible interval of level 1 - alpha. */
  interval(alpha: number): readonly [lower: number, upper: number];
  /** The law's coordinate of k times the value at u; Infinity where that value cannot be reached. */
  times(u: number, k: number): number;
  /** Logarithm of the derivative of the value by the coordinate, the same for all laws of a model. */
  readonly logJacobian: (u: number) => number;
}

/** Observed in one arm: `events` of `n` units (beta-binomial), or `events` during an exposure of `n` (gamma-Poisson). */
export interface ExactArm {
  readonly key: string;
  readonly n: number;
  readonly events: number;
}

export interface ExactOptions {
  readonly model: 'beta-binomial' | 'gamma-poisson';
  /** Beta: pseudo-successes and pseudo-failures. Gamma: pseudo-events and pseudo-exposure. */
  readonly prior: readonly [number, number];
  readonly baseline: string;
  readonly alpha: number;
  readonly betterWhen: 'higher' | 'lower';
  /** Relative half-width of the region of practical equivalence around the baseline's value. */
  readonly equivalence: number;
}

export interface ExactReport {
  readonly arms: readonly {
    readonly arm: string;
    readonly n: number;
    readonly events: number;
    readonly mean: number;
    readonly lower: number;
    readonly upper: number;
    readonly probabilityBest: number;
  }[];
  /** Every other arm against the baseline. */
  readonly comparisons: readonly {
    readonly arm: string;
    /** P(this arm is better than the baseline). */
    readonly chanceToWin: number;
    /** What is given up on average by choosing this arm, and by keeping the baseline; in units of the metric. */
    readonly expectedLoss: { readonly treatment: number; readonly baseline: number };
    /** Where the ratio of this arm to the baseline lies: below, within and above 1 -+ the half-width. */
    readonly equivalence: { readonly below: number; readonly within: number; readonly above: number };
  }[];
}

/**
 * Arms under a conjugate model with one prior for all: beta-binomial for shares, gamma-Poisson for counts. Chance to win
 * and expected losses (Stucchio 2015) by quadrature, the probability of each arm to be the best over all arms, and the
 * probability that the ratio to the baseline lies in a region of practical equivalence. Not computed: `not_finite`,
 * `invalid_input`, `insufficient_units` (a posterior without shape, or no arm with the baseline's key).
 */
export function exactReport(arms: readonly ExactArm[], options: ExactOptions): Computed<ExactReport> {
  const { model, prior, alpha, betterWhen, equivalence } = options;
  if (!(alpha > 0 && alpha < 1) || !(equivalence >= 0 && equivalence < 1))
    return notComputed('invalid_input');
  const laws: ArmLaw[] = [];
  for (const { n, events } of arms) {
    const law: ArmLaw | OutcomeReason =
      model === 'beta-binomial'
        ? shareLaw({ a: prior[0], b: prior[1] }, { n, successes: events })
        : rateLaw({ shape: prior[0], rate: prior[1] }, { events, exposure: n });
    if (typeof law === 'string') return notComputed(law);
    laws.push(law);
  }
  const base = arms.findIndex(({ key }) => key === options.baseline);
  if (base < 0) return notComputed('insufficient_units');
  const table = tabulate(laws.map(({ law }) => law));
  const best = probabilitiesBest(table, betterWhen === 'higher' ? 'largest' : 'smallest');
  return computed({
    arms: arms.map(({ key, n, events }, i) => {
      const own = laws[i] as ArmLaw;
      const [lower, upper] = own.interval(alpha);
      return { arm: key, n, events, mean: own.mean, lower, upper, probabilityBest: best[i] as number };
    }),
    comparisons: arms.flatMap(({ key }, i) =>
      i === base ? [] : [{ arm: key, ...comparisonOf(table, laws[i] as ArmLaw, { base, own: i }, options) }],
    ),
  });
}

function comparisonOf(
  table: Table,
  { law, times, logJacobian }: ArmLaw,
  { base, own }: { readonly base: number; readonly own: number },
  { betterWhen, equivalence }: ExactOptions,
): Omit<ExactReport['comparisons'][number], 'arm'> {
  const [better, worse] = betterWhen === 'higher' ? [own, base] : [base, own];
  const below = (k: number): number => expectation(table, base, (u) => Math.exp(law.logCdf(times(u, k))));
  const low = below(1 - equivalence);
  const high = Math.max(low, Math.min(1, below(1 + equivalence)));
  return {
    chanceToWin: Math.min(
      1,
      expectation(table, better, (_, k) => Math.exp(table.logCdf[worse]?.[k] as number)),
    ),
    expectedLoss: {
      treatment: excess(table, better, worse, logJacobian),
      baseline: excess(table, worse, better, logJacobian),
    },
    equivalence: { below: low, within: high - low, above: 1 - high },
  };
}
