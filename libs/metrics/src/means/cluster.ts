import { DomainError } from '#experiments';
import { contrast } from '../contrast.js';
import type { Moments } from '../contract.js';
import { effectOf } from '../inference/effect.js';
import type { ArmEstimate } from '../inference/effect.js';
import type { Outcome } from '../inference/outcome.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import { studentLaw, waldTest } from '../inference/wald.js';
import type { TestOptions, WaldTest } from '../inference/wald.js';
import { fromValues } from '../moments.js';

/**
 * Moments of one arm whose events belong to users: per user the sum of the values (numerator) and the number of
 * events (denominator). Mergeable over disjoint users.
 * @param users the user of each event; @param values the value of each event, finite, same length.
 * @throws DomainError `invalid_values` for unequal lengths or values that are not finite.
 */
export function clusterMoments(users: ArrayLike<string | number>, values: ArrayLike<number>): Moments {
  if (users.length !== values.length) {
    throw new DomainError('invalid_values', `${users.length} users for ${values.length} values`);
  }
  const index = new Map<string | number, number>();
  const sums: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const user = users[i] as string | number;
    const known = index.get(user) ?? sums.length;
    if (known === sums.length) {
      index.set(user, known);
      sums.push(0);
      counts.push(0);
    }
    sums[known] = (sums[known] as number) + (values[i] as number);
    counts[known] = (counts[known] as number) + 1;
  }
  return fromValues(sums, counts);
}

export interface ClusterTest extends WaldTest {
  readonly df: number;
  readonly control: { readonly mean: number; readonly standardError: number };
  readonly treatment: { readonly mean: number; readonly standardError: number };
}

/** Variance of one arm's ratio of sums: deviations of users from the ratio, n - 1 (CR1). */
function armOf(m: Moments): ArmEstimate {
  const [yy, dd, , yd] = m.comoment;
  const value = m.mean[0] / m.mean[1];
  const spread = Math.max(0, yy - 2 * value * yd + value * value * dd);
  return { value, variance: spread / m.mean[1] / m.mean[1] / (m.n - 1) / m.n, df: m.n - 1 };
}

/**
 * Difference of event means where users, not events, are the units: delta method for the ratio of sums (Deng,
 * Knoblich and Lu 2018), equal to the cluster-robust CR1 variance of Liang and Zeger (1986). Student's t, Welch
 * degrees of freedom over the numbers of users.
 * Undefined: `insufficient_units` (an arm below two users), `denominator_zero`, `zero_variance`, `not_finite`.
 */
export function clusterMeanTest(
  control: Moments,
  treatment: Moments,
  options: TestOptions & { readonly nullValue?: number },
): Outcome<ClusterTest> {
  if (!isProbability(options.alpha)) return undefinedBecause('invalid_alpha');
  // Decides whether the data suffice, and what is rounding error only.
  const checked = contrast(control, treatment, { kind: 'ratio', adjust: false });
  if (!checked.ok) return undefinedBecause(checked.reason);
  const [a, b] = [armOf(control), armOf(treatment)];
  const effect = effectOf(a, b);
  if (effect.status === 'undefined') return effect;
  const test = waldTest(effect.estimate, effect.standardError, studentLaw(effect.df), options);
  const shown = (arm: ArmEstimate) => ({ mean: arm.value, standardError: Math.sqrt(arm.variance) });
  return { status: 'ok', ...test, df: effect.df, control: shown(a), treatment: shown(b) };
}
