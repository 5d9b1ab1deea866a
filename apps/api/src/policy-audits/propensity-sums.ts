import { normalSf } from '#metrics';
import { CategoryTest } from './category-test.js';
import type { ChiSquare } from './category-test.js';

/** A single choice as it was logged. */
export interface LoggedChoice {
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[];
  readonly chosen: string;
  readonly propensity: number;
  /** Least probability that every candidate was promised. */
  readonly floor: number;
  /** Some candidates may not be served at all: a probability of 0 is no fault then. */
  readonly limited?: boolean;
}

export interface PropensityFindings {
  readonly choices: number;
  /** Distributions that do not sum to 1, or hold what is no probability. */
  readonly badSums: number;
  /** Distributions with a probability below the floor. */
  readonly belowFloor: number;
  /** The logged propensity is not the probability of what was chosen. */
  readonly mismatched: number;
  /** Choices against probabilities, by action and by how probable the choice was. */
  readonly byAction: ChiSquare | null;
  readonly byProbability: ChiSquare | null;
  /** Mean of 1 / (actions x propensity) over well-supported actions, which is 1 if the propensities are true. */
  readonly inverse: { readonly mean: number; readonly z: number; readonly p: number } | null;
  readonly largestWeight: number | null;
  readonly effectiveSampleSize: number | null;
}

const SUM_TOLERANCE = 1e-6;
const TOLERANCE = 1e-9;
/** Actions tested by name; all later ones share a category. */
const MOST_ACTIONS = 24;
const EDGES = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/** Below this an action is so rare that its inverse propensity has no normal law in any sample of use. */
const SUPPORTED = 0.005;
const LEAST_FOR_Z = 2000;

/**
 * Sums up logged choices and their distributions, one after the other. What is tested: choices come as often as the
 * logged probabilities say. Choices must be independent: of draws with one seed, only the first may be added.
 */
export class PropensitySums {
  private choices = 0;
  private badSums = 0;
  private belowFloor = 0;
  private mismatched = 0;
  private readonly actions = new Map<string, number>();
  private readonly byAction = new CategoryTest(MOST_ACTIONS + 1);
  private readonly byProbability = new CategoryTest(EDGES.length + 1);
  private inverseSum = 0;
  private inverseVariance = 0;
  private weights = 0;
  private squares = 0;
  private largest = 0;

  /** Deterministic faults found so far. */
  get faults(): number {
    return this.badSums + this.belowFloor + this.mismatched;
  }

  add(choice: LoggedChoice): void {
    this.choices += 1;
    const { candidates, probabilities, propensity } = choice;
    const index = candidates.indexOf(choice.chosen);
    if (!isDistribution(probabilities, candidates.length)) {
      this.badSums += 1;
      return;
    }
    const held = choice.limited ? probabilities.filter((p) => p > 0) : probabilities;
    const floor = Math.min(choice.floor, 1 / held.length);
    if (held.some((p) => p < floor - TOLERANCE)) this.belowFloor += 1;
    if (index < 0 || Math.abs((probabilities[index] as number) - propensity) > TOLERANCE) {
      this.mismatched += 1;
      return;
    }
    if (!(propensity > 0)) return;
    this.byAction.add(
      sums(candidates, probabilities, (i) => this.categoryOf(candidates[i] as string)),
      this.categoryOf(choice.chosen),
    );
    this.byProbability.add(
      sums(candidates, probabilities, (i) => bin(probabilities[i] as number)),
      bin(propensity),
    );
    this.addWeights(probabilities, propensity);
  }

  result(): PropensityFindings {
    return {
      choices: this.choices,
      badSums: this.badSums,
      belowFloor: this.belowFloor,
      mismatched: this.mismatched,
      byAction: this.byAction.result(),
      byProbability: this.byProbability.result(),
      inverse: this.inverse(),
      largestWeight: this.weights > 0 ? this.largest : null,
      effectiveSampleSize: this.weights > 0 ? (this.weights * this.weights) / this.squares : null,
    };
  }

  private categoryOf(action: string): number {
    let known = this.actions.get(action);
    if (known === undefined) {
      if (this.actions.size >= MOST_ACTIONS) return MOST_ACTIONS;
      known = this.actions.size;
      this.actions.set(action, known);
    }
    return known;
  }

  private addWeights(probabilities: readonly number[], propensity: number): void {
    const weight = 1 / (probabilities.length * propensity);
    this.weights += weight;
    this.squares += weight * weight;
    this.largest = Math.max(this.largest, weight);
    const supported = probabilities.filter((p) => p >= SUPPORTED);
    const m = supported.length;
    if (m === 0) return;
    this.inverseSum += (propensity >= SUPPORTED ? 1 / (m * propensity) : 0) - 1;
    this.inverseVariance += supported.reduce((sum, p) => sum + 1 / (m * m * p), 0) - 1;
  }

  private inverse(): PropensityFindings['inverse'] {
    if (this.choices < LEAST_FOR_Z || this.inverseVariance < 1) return null;
    const z = this.inverseSum / Math.sqrt(this.inverseVariance);
    return { mean: 1 + this.inverseSum / this.choices, z, p: 2 * normalSf(Math.abs(z)) };
  }
}

function isDistribution(probabilities: readonly number[], length: number): boolean {
  if (probabilities.length !== length) return false;
  let sum = 0;
  for (const p of probabilities) {
    if (!(p >= 0 && p <= 1 + TOLERANCE)) return false;
    sum += p;
  }
  return Math.abs(sum - 1) <= SUM_TOLERANCE;
}

function bin(p: number): number {
  let at = 0;
  while (at < EDGES.length && p >= (EDGES[at] as number)) at += 1;
  return at;
}

function sums(
  candidates: readonly string[],
  probabilities: readonly number[],
  categoryOf: (index: number) => number,
): Map<number, number> {
  const q = new Map<number, number>();
  for (let i = 0; i < candidates.length; i++) {
    const category = categoryOf(i);
    q.set(category, (q.get(category) ?? 0) + (probabilities[i] as number));
  }
  return q;
}
