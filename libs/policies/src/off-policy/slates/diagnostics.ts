import { meanTerms } from '../contract.js';
import { meanWeightOf, notZero, weightDiagnostics } from '../diagnostics.js';
import type { Support, WeightDiagnostics } from '../diagnostics.js';
import { meanOf, pointEstimate } from '../statistics.js';
import type { Clusters } from '../statistics.js';
import { effectiveSampleSize, largestOf } from '../weights.js';
import { slateRewards, slotColumn } from './contract.js';
import type { SlateRows } from './contract.js';
import { NO_ACTION } from './logged.js';
import type { LoggedSlates } from './logged.js';

/** What the log can say of one slot; the first is 0. */
export interface SlotDiagnostics {
  readonly slot: number;
  readonly meanReward: number;
  /** Effective sample size of the weights of everything down to this slot. */
  readonly effectivePrefix: number;
  /** The same of the weights of this slot alone, whatever stands above; null where these are not known. */
  readonly effectiveSlot: number | null;
  readonly largestWeight: number;
  readonly meanWeight: number;
  readonly meanWeightZ: number | null;
}

/** Weights are those of whole slates; `rewarded` and `effectiveRewarded` count slates where something happened at any slot. */
export interface SlateDiagnostics extends WeightDiagnostics {
  /** Least probability of an action at its slot, given the ones above. */
  readonly smallestPropensity: number;
  readonly support: Support;
  /**
   * By slot and action: mean of w_{1:k-1} (w_k 1[served] - its probability under the candidate), 0 in expectation when
   * propensities are exact and supported. The one that is furthest off.
   */
  readonly worstAction: { readonly slot: number; readonly action: number; readonly z: number } | null;
  readonly slots: readonly SlotDiagnostics[];
}

export function diagnoseSlates(
  log: LoggedSlates,
  rows: SlateRows,
  target: Float64Array,
  clusters: Clusters,
  clipLimit: number,
): SlateDiagnostics {
  const { slots } = rows;
  const whole = slotColumn(rows.prefixWeight, slots, slots - 1);
  return {
    ...weightDiagnostics(whole, log.rewarded ?? notZero(slateRewards(rows)), clusters, clipLimit),
    smallestPropensity: log.propensity.reduce((least, p) => Math.min(least, p), 1),
    support: { ...log.support, unseenActions: unseenActions(log, target) },
    worstAction: worstAction(log, rows, target, clusters),
    slots: Array.from({ length: slots }, (_, slot) => {
      const weight = slotColumn(rows.prefixWeight, slots, slot);
      const { meanWeight, meanWeightZ } = meanWeightOf(weight, clusters);
      return {
        slot,
        meanReward: meanOf(slotColumn(rows.reward, slots, slot)),
        effectivePrefix: effectiveSampleSize(weight),
        effectiveSlot: rows.slotWeight ? effectiveSampleSize(slotColumn(rows.slotWeight, slots, slot)) : null,
        largestWeight: largestOf(weight),
        meanWeight,
        meanWeightZ,
      };
    }),
  };
}

/** Actions that the candidate plays somewhere, and that stand in no logged slate. */
function unseenActions({ actions, action }: LoggedSlates, target: Float64Array): number[] {
  const seen = new Uint8Array(actions);
  for (const a of action) if (a !== NO_ACTION) seen[a] = 1;
  const wanted = new Uint8Array(actions);
  for (let cell = 0; cell < target.length; cell++) if (target[cell] !== 0) wanted[cell % actions] = 1;
  return [...wanted.keys()].filter((a) => wanted[a] === 1 && seen[a] === 0);
}

function worstAction(
  { n, slots, actions, action }: LoggedSlates,
  { prefixWeight }: SlateRows,
  target: Float64Array,
  clusters: Clusters,
): SlateDiagnostics['worstAction'] {
  let worst: { slot: number; action: number; z: number } | null = null;
  const gap = new Float64Array(n);
  for (let slot = 0; slot < slots; slot++) {
    for (let a = 0; a < actions; a++) {
      for (let i = 0; i < n; i++) {
        const at = i * slots + slot;
        const above = slot === 0 ? 1 : (prefixWeight[at - 1] as number);
        const served = action[at] === a ? (prefixWeight[at] as number) : 0;
        gap[i] = served - above * (target[at * actions + a] as number);
      }
      const { value, standardError } = pointEstimate(meanTerms(gap), clusters);
      if (!(standardError > 0)) continue;
      const z = value / standardError;
      if (!worst || Math.abs(z) > Math.abs(worst.z)) worst = { slot, action: a, z };
    }
  }
  return worst;
}
