import type { Evidence } from './contract.js';
import { pointEstimate } from './statistics.js';
import type { Clusters } from './statistics.js';
import { meanTerms } from './contract.js';
import { clippedMass, effectiveSampleSize, largestOf } from './weights.js';

/** What is known of the chance of actions that were not served. */
export interface Support {
  /**
   * `recorded`: whole distributions are in the log. `repeated`: the policy that logged was asked again and gave the
   * logged propensities. `floor`: every action had at least this. `unknown`: none of these.
   */
  readonly kind: 'recorded' | 'repeated' | 'floor' | 'unknown';
  /** Rows in which the candidate may play what the log could not have played, as far as is known. */
  readonly violations: number;
  /** Share of the candidate's plays that fall on such actions, over all rows. */
  readonly unsupportedMass: number;
  /** Actions that the candidate plays and that are nowhere in the log. */
  readonly unseenActions: readonly number[];
}

/** What the weights of the rows say. */
export interface WeightDiagnostics {
  readonly n: number;
  readonly clusters: number;
  readonly rewarded: number;
  /** Kish's effective sample size, and its share of n. */
  readonly effectiveSampleSize: number;
  readonly effectiveShare: number;
  /** The same among rows where something happened. */
  readonly effectiveRewarded: number;
  readonly largestWeight: number;
  /** Exact propensities have weights of mean 1; z is (mean - 1) / se, null where the weights do not vary. */
  readonly meanWeight: number;
  readonly meanWeightError: number | null;
  readonly meanWeightZ: number | null;
  /** Share of the total weight held by the heaviest 1 % of the rows. */
  readonly topPercentShare: number;
  /** Share of the weight above the cap of clipped IPS. */
  readonly clippedMass: number;
  readonly clipLimit: number;
  readonly rowsAboveLimit: number;
}

export interface OffPolicyDiagnostics extends WeightDiagnostics {
  readonly smallestPropensity: number;
  readonly support: Support;
  /**
   * By action: mean(w 1[served]) against the candidate's mean probability; equal in expectation when propensities
   * are exact and supported. The action that is furthest off.
   */
  readonly worstAction: { readonly action: number; readonly z: number } | null;
}

export interface DiagnosticOptions {
  readonly clipLimit: number;
  /** The log gave every action at least this probability; 0 where that is not known. */
  readonly floor: number;
}

export function diagnose(
  evidence: Evidence,
  clusters: Clusters,
  { clipLimit, floor }: DiagnosticOptions,
): OffPolicyDiagnostics {
  const { weight, rows } = evidence;
  return {
    ...weightDiagnostics(weight, rows.rewarded ?? notZero(rows.reward), clusters, clipLimit),
    smallestPropensity: rows.propensity.reduce((least, p) => Math.min(least, p), 1),
    support: supportOf(evidence, floor),
    worstAction: worstAction(evidence, clusters),
  };
}

/** 1 where a number is not 0. */
export const notZero = (values: Float64Array): Uint8Array =>
  Uint8Array.from(values, (v) => (v === 0 ? 0 : 1));

/** @param weight one per row. @param rewarded 1 where something happened. @param clipLimit weights above it are counted. */
export function weightDiagnostics(
  weight: Float64Array,
  rewarded: Uint8Array,
  clusters: Clusters,
  clipLimit: number,
): WeightDiagnostics {
  const n = weight.length;
  const ess = effectiveSampleSize(weight);
  return {
    n,
    clusters: clusters.count,
    rewarded: rewarded.reduce((count, one) => count + (one === 0 ? 0 : 1), 0),
    effectiveSampleSize: ess,
    effectiveShare: ess / n,
    effectiveRewarded: effectiveSampleSize(weight, rewarded),
    largestWeight: largestOf(weight),
    ...meanWeightOf(weight, clusters),
    topPercentShare: topShare(weight, 0.01),
    clippedMass: clippedMass(weight, clipLimit),
    clipLimit,
    rowsAboveLimit: weight.reduce((count, w) => count + (w > clipLimit ? 1 : 0), 0),
  };
}

/** The mean of weights, and how far it is from 1 in standard errors. */
export function meanWeightOf(
  weight: Float64Array,
  clusters: Clusters,
): Pick<WeightDiagnostics, 'meanWeight' | 'meanWeightError' | 'meanWeightZ'> {
  const mean = pointEstimate(meanTerms(weight), clusters);
  return {
    meanWeight: mean.value,
    meanWeightError: Number.isFinite(mean.standardError) ? mean.standardError : null,
    meanWeightZ: mean.standardError > 0 ? (mean.value - 1) / mean.standardError : null,
  };
}

function topShare(weight: Float64Array, share: number): number {
  const sorted = weight.slice().sort();
  const from = sorted.length - Math.ceil(share * sorted.length);
  let top = 0;
  let total = 0;
  for (let i = 0; i < sorted.length; i++) {
    total += sorted[i] as number;
    if (i >= from) top += sorted[i] as number;
  }
  return total > 0 ? top / total : 0;
}

function supportOf({ rows, n, target }: Evidence, floor: number): Support {
  const { actions, behaviour } = rows;
  const seen = new Uint8Array(actions);
  for (const a of rows.action) seen[a] = 1;
  const wanted = new Uint8Array(actions);
  let violations = 0;
  let mass = 0;
  for (let i = 0; i < n; i++) {
    const served = rows.action[i] as number;
    // Without a recorded distribution this much is certain: what was served with probability 1 left no other chance.
    const certain = (rows.propensity[i] as number) === 1;
    let lost = 0;
    for (let a = 0; a < actions; a++) {
      const p = target[i * actions + a] as number;
      if (p === 0) continue;
      wanted[a] = 1;
      const impossible = behaviour ? behaviour[i * actions + a] === 0 : certain && a !== served;
      if (impossible) lost += p;
    }
    mass += lost;
    if (lost > 0) violations++;
  }
  const unseenActions = [...wanted.keys()].filter((a) => wanted[a] === 1 && seen[a] === 0);
  const kind = behaviour ? 'recorded' : floor > 0 ? 'floor' : 'unknown';
  return { kind, violations, unsupportedMass: mass / n, unseenActions };
}

function worstAction(evidence: Evidence, clusters: Clusters): OffPolicyDiagnostics['worstAction'] {
  const { rows, n, target, weight } = evidence;
  let worst: { action: number; z: number } | null = null;
  const gap = new Float64Array(n);
  for (let a = 0; a < rows.actions; a++) {
    for (let i = 0; i < n; i++)
      gap[i] = (rows.action[i] === a ? (weight[i] as number) : 0) - (target[i * rows.actions + a] as number);
    const { value, standardError } = pointEstimate(meanTerms(gap), clusters);
    if (!(standardError > 0)) continue;
    const z = value / standardError;
    if (!worst || Math.abs(z) > Math.abs(worst.z)) worst = { action: a, z };
  }
  return worst;
}
