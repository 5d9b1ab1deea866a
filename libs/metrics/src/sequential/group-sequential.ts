import { illinoisRoot } from '../distributions/illinois.js';
import { normalLogSf, normalQuantile } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { CrossingRecursion } from './crossing.js';
import { alphaSpent } from './spending.js';
import type { Spending } from './spending.js';

/** Looks closer than this, relative to the information so far, cannot be told apart and would cost without end. */
const CLOSEST_LOOKS = 1e-5;

export interface GroupSequentialDesign {
  /**
   * Information fractions of the looks (units so far over planned units), positive and ascending. Above 1
   * (overrunning) the error is spent as at 1, while the correlation between looks follows the true fractions.
   */
  readonly information: readonly number[];
  readonly spending: Spending;
  /** Total error over all looks and sides. */
  readonly alpha: number;
  readonly sides: 1 | 2;
}

export interface GroupSequentialBounds {
  /** Per look: stop and reject when Z reaches it (two-sided: or its negative). Infinity: no error to spend, no stop. */
  readonly criticalValues: readonly number[];
  /** p-value, of `sides` sides, that a look's critical value stands for. */
  readonly nominalP: readonly number[];
  /** Error spent per side up to each look. */
  readonly alphaSpentPerSide: readonly number[];
}

function isUsable({ information, spending, alpha }: GroupSequentialDesign): boolean {
  const ascending = information.every((t, k) => {
    const previous = k === 0 ? 0 : (information[k - 1] as number);
    return Number.isFinite(t) && t > 0 && t - previous > CLOSEST_LOOKS * t;
  });
  const rho = spending.kind === 'power' ? spending.rho : 1;
  return information.length > 0 && ascending && isProbability(alpha) && rho > 0 && Number.isFinite(rho);
}

/**
 * Critical values of a group sequential test by error spending (Lan and DeMets 1983), each side by itself: the
 * other side's boundary is ignored and there is none for futility.
 * Undefined: `invalid_input` (no looks, fractions not ascending, alpha outside (0, 1)). Never throws.
 */
export function groupSequentialBounds(design: GroupSequentialDesign): Outcome<GroupSequentialBounds> {
  if (!isUsable(design)) return undefinedBecause('invalid_input');
  const { information, spending, alpha, sides } = design;
  const alphaSpentPerSide = information.map((t) => alphaSpent(spending, alpha / sides, t));
  const recursion = new CrossingRecursion();
  const criticalValues = information.map((t, k) => {
    const fresh = (alphaSpentPerSide[k] as number) - (k === 0 ? 0 : (alphaSpentPerSide[k - 1] as number));
    const c = fresh > 0 ? criticalValue(recursion, t, fresh) : Infinity;
    const next = information[k + 1];
    if (next !== undefined) recursion.advance(t, c, next);
    return c;
  });
  const nominalP = criticalValues.map((c) =>
    c === Infinity ? 0 : Math.min(1, sides * Math.exp(normalLogSf(c))),
  );
  return { status: 'ok', criticalValues, nominalP, alphaSpentPerSide };
}

/**
 * The c that is crossed at this look, and not before, with the given probability. The logarithm of that probability
 * is concave in c (the normal law is log-concave), and c is not above the quantile of a single look: Newton's
 * method from there comes down to the root without overshooting.
 */
function criticalValue(recursion: CrossingRecursion, information: number, probability: number): number {
  const wanted = Math.log(probability);
  let c = -normalQuantile(probability);
  for (let i = 0; i < 200; i++) {
    const log = recursion.logCrossing(information, c);
    const step = (wanted - log) / Math.exp(recursion.logDensity(information, c) - log);
    c -= step;
    // Quadratic convergence: after a step this small nothing is left to gain.
    if (!(Math.abs(step) > 1e-9)) break;
  }
  return c;
}

/**
 * Probability to cross the upper boundary at each look for the first time, when the mean of Z at information t is
 * drift * sqrt(t). Their sum is the power; with drift 0 it is the error of one side.
 * @param information ascending and positive; @param criticalValues one per look, Infinity for no stop.
 */
export function crossingProbabilities(
  information: readonly number[],
  criticalValues: readonly number[],
  drift: number,
): number[] {
  const recursion = new CrossingRecursion(drift);
  return information.map((t, k) => {
    const c = criticalValues[k] as number;
    const probability = c === Infinity ? 0 : Math.exp(recursion.logCrossing(t, c));
    const next = information[k + 1];
    if (next !== undefined) recursion.advance(t, c, next);
    return probability;
  });
}

export interface GroupSequentialGoal {
  /** Difference in means to find, and the standard deviation of one unit, the same in both arms. */
  readonly delta: number;
  readonly sd: number;
  readonly power: number;
}

export interface GroupSequentialSize {
  /** Units of both arms (equal arms) at the last look; not rounded. */
  readonly maxTotalUnits: number;
  /** Units of both arms that a test with one look at the end would need. */
  readonly fixedTotalUnits: number;
  readonly inflationFactor: number;
  /** Expected units of both arms when the difference is delta. */
  readonly expectedUnitsUnderDelta: number;
}

/**
 * Sample size of a group sequential comparison of two equal arms, normal approximation: the drift that gives the
 * wanted power to cross the boundary on the side of delta (Jennison and Turnbull 2000, chapter 7).
 * Undefined: `zero_effect`, `zero_variance`, `invalid_input` (also a power not above the error of one side).
 */
export function groupSequentialSize(
  design: GroupSequentialDesign,
  goal: GroupSequentialGoal,
): Outcome<GroupSequentialSize> {
  const bounds = groupSequentialBounds(design);
  if (bounds.status !== 'ok') return bounds;
  const { delta, sd, power } = goal;
  const side = design.alpha / design.sides;
  if (
    !isProbability(power) ||
    !(power > side) ||
    !Number.isFinite(delta) ||
    !(sd >= 0) ||
    !Number.isFinite(sd)
  ) {
    return undefinedBecause('invalid_input');
  }
  if (delta === 0) return undefinedBecause('zero_effect');
  if (sd === 0) return undefinedBecause('zero_variance');
  const { information } = design;
  const probabilities = (drift: number): number[] =>
    crossingProbabilities(information, bounds.criticalValues, drift);
  // On the normal scale power is nearly a straight line in the drift.
  const shortfall = (drift: number): number => {
    const found = Math.min(1 - Number.EPSILON, sumOf(probabilities(drift)));
    return normalQuantile(found) - normalQuantile(power);
  };
  const last = information[information.length - 1] as number;
  const fixedDrift = normalQuantile(power) - normalQuantile(side);
  let high = (1.2 * fixedDrift) / Math.sqrt(last);
  for (let i = 0; shortfall(high) < 0; i++) {
    if (i > 60) return undefinedBecause('unreachable');
    high *= 1.5;
  }
  const drift = illinoisRoot(shortfall, 0, high, 1e-12);
  const unitsPerInformation = (4 * sd * sd * drift * drift) / (delta * delta);
  const fixedTotalUnits = ((2 * sd * fixedDrift) / delta) ** 2;
  const stops = probabilities(drift);
  const expected = information
    .slice(0, -1)
    .reduce((sum, t, k) => sum + (t - last) * (stops[k] as number), last);
  return {
    status: 'ok',
    maxTotalUnits: unitsPerInformation * last,
    fixedTotalUnits,
    inflationFactor: (unitsPerInformation * last) / fixedTotalUnits,
    expectedUnitsUnderDelta: unitsPerInformation * expected,
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
