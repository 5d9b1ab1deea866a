import { BUCKETS, chooseVariation } from './hash.js';
import { layerShare } from './layers.js';
import { splitRanges } from './split.js';
import type { Experiment } from './vocabulary.js';

type Allocated = Pick<
  Experiment,
  'arms' | 'traffic' | 'layer' | 'layerRange' | 'otherLayers' | 'hashVersion'
>;

/**
 * What a change of allocation does, as shares of the units that are in the experiment before it (`joined` too, so it may be
 * more than 1). Exact over the 10,000 buckets; targeting is not looked at.
 */
export interface UnitMoves {
  /** Same arm as before. */
  readonly stay: number;
  /** Another arm than before. */
  readonly moved: number;
  /** No longer in it. */
  readonly left: number;
  /** In it now, and not before. */
  readonly joined: number;
}

/**
 * Compares two allocations of one experiment (same salt). A live layer range only grows, and moves nobody.
 * @returns zeros, `joined` included, where no unit was in it before.
 */
export function unitMoves(before: Allocated, after: Allocated): UnitMoves {
  const [old, next] = [splitRanges(before), splitRanges(after)];
  const count = { stay: 0, moved: 0, left: 0, joined: 0, inside: 0 };
  // Units of version 1 are in every tenth bucket only.
  const step = before.hashVersion === 1 ? 10 : 1;
  for (let i = 0; i < BUCKETS; i += step) {
    const [a, b] = [chooseVariation(i / BUCKETS, old), chooseVariation(i / BUCKETS, next)];
    if (b >= 0) count.inside += 1;
    if (a < 0) count.joined += b >= 0 ? 1 : 0;
    else if (b < 0) count.left += 1;
    else if (before.arms[a]?.key === after.arms[b]?.key) count.stay += 1;
    else count.moved += 1;
  }
  const was = count.stay + count.moved + count.left;
  const [oldShare, newShare] = [layerShare(before), layerShare(after)];
  if (was === 0 || oldShare === 0) return { stay: 0, moved: 0, left: 0, joined: 0 };
  const grown = (count.inside / was) * Math.max(0, newShare / oldShare - 1);
  return {
    stay: count.stay / was,
    moved: count.moved / was,
    left: count.left / was,
    joined: count.joined / was + grown,
  };
}

/** How a field's change meets the units that are already in the experiment. */
export type ChangeKind = 'nothing' | 'new-phase' | 'new-units' | 'blocked';

export interface ChangedField {
  readonly field: string;
  readonly kind: ChangeKind;
  /** One or two sentences. */
  readonly prose: string;
}

const ALLOCATION: ReadonlySet<string> = new Set(['traffic', 'arms', 'layerRange', 'targeting']);
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** Whom a change of targeting meets cannot be told from hashes: it depends on what each request carries. */
function targetingProse(keep: boolean): ChangedField['prose'] {
  return keep
    ? 'Units that are in it keep their arm, also those whom the new targeting does not meet. New units enter by the new targeting.'
    : 'A new phase. Units that the new targeting does not meet get the default from now on; the others keep their arm.';
}

function allocationProse({ stay, moved, left, joined }: UnitMoves, keep: boolean): string {
  const joining = joined > 0 ? ` ${percent(joined)} as many units as are in it may join.` : '';
  if (moved + left === 0) return `A new phase. Nobody changes arm.${joining}`;
  const parts = [
    moved > 0 ? `${percent(moved)} would change arm` : '',
    left > 0 ? `${percent(left)} would fall out` : '',
  ].filter((part) => part !== '');
  const would = `Of its units ${parts.join(' and ')}`;
  return keep
    ? `${would}, and keep their arm instead. Only new units are split by the new allocation.${joining}`
    : `A new phase. ${would}; ${percent(stay)} stay. Units that see two arms are left out of results.${joining}`;
}

/**
 * Says what one changed field does to units that are in the experiment.
 * @param live whether it runs or is paused: before the start there is nobody to meet.
 * @param keep whether units keep the arm that they entered with.
 * @param moves of the whole change; null where allocation stays.
 */
export function changedField(field: string, live: boolean, keep: boolean, moves: UnitMoves): ChangedField {
  if (!live) return { field, kind: 'nothing', prose: 'It takes no units yet: nobody is touched.' };
  if (!ALLOCATION.has(field))
    return { field, kind: 'nothing', prose: 'Touches no unit: who gets what stays as it is.' };
  if (field === 'targeting')
    return { field, kind: keep ? 'new-units' : 'new-phase', prose: targetingProse(keep) };
  const touches = moves.moved + moves.left > 0;
  return {
    field,
    kind: touches && !keep ? 'new-phase' : 'new-units',
    prose: allocationProse(moves, keep),
  };
}
